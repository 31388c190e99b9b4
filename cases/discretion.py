"""What a confidential citizen's own words become for those who may not know who it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rexian.kernel.access import MASKED_NAME
from rexian.kernel.deidentify import without_reach

#: Texts that the agent types while the caller talks.
_INTAKE = frozenset({"request", "address", "dispatch_note"})


def masked(kind: str, words: str, own: Iterable[str]) -> str:
    """Return a text of the case (`kind`: request, public_reply …) without who the citizen is."""
    return at_intake(words, own) if kind in _INTAKE else without(words, own)


def at_intake(words: str, own: Iterable[str]) -> str:
    """Return what the agent typed as people may read it who must not know who called.

    Besides the citizen's `own` words every number and address somebody could be reached at goes:
    the record may not know the number that the caller gave on the line.
    """
    return without_reach(without(words, own))


def without(words: str, own: Iterable[str]) -> str:
    """Return `words` with the citizen's `own` name, number and address masked.

    A number is found with spaces or hyphens between its digits too. What else stands in the text
    (the house, the road) stays: the department must find the place.
    """
    for one in sorted(set(own), key=len, reverse=True):
        if re.fullmatch(r"[+\d\s-]+", one):
            digits = re.sub(r"[^\d+]", "", one)
            spread = r"[\s\-]?".join(re.escape(digit) for digit in digits)
            words = re.sub(rf"(?<!\d){spread}(?!\d)", MASKED_NAME, words)
        else:
            words = words.replace(one, MASKED_NAME)
    return words
