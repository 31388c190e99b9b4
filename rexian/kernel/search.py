"""Chinese full-text search: bigrams and single characters as lexemes of `to_tsvector('simple')`.

Every word of one or two characters is found exactly, longer ones as the conjunction of their
bigrams; callers rank in a second stage.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_run = re.compile(rf"[{_CHINESE}]+|[a-z]+|\d+", re.IGNORECASE)
_LONGEST_LEXEME = 64
"""Characters; PostgreSQL's limit is 2,046 bytes, and no word is that long."""
_MOST_TERMS = 64
"""Lexemes of one query; more say nothing and cost time."""


def normalise(text: str) -> str:
    """Return `text` in NFKC (full-width letters become plain) and lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def runs(text: str) -> list[str]:
    """Return the runs of Chinese characters, of latin letters and of digits, in order."""
    return [found[:_LONGEST_LEXEME] if found.isascii() else found for found in _runs(text)]


def _runs(text: str) -> list[str]:
    return _run.findall(normalise(text))


def bigrams(text: str) -> list[str]:
    """Return the words of `text` as they are looked up, in order, with repeats.

    A run of Chinese gives its overlapping pairs (a run of one character: itself), latin words
    and digits stay whole.
    """
    words: list[str] = []
    for run in runs(text):
        if run.isascii() or len(run) == 1:
            words.append(run)
        else:
            words.extend(first + second for first, second in pairwise(run))
    return words


def lexemes(text: str) -> list[str]:
    """Return what is indexed: the bigrams and each single Chinese character, in order."""
    words: list[str] = []
    for run in runs(text):
        if run.isascii():
            words.append(run)
            continue
        for position, character in enumerate(run):
            words.append(character)
            if position + 1 < len(run):
                words.append(character + run[position + 1])
    return words


def tsvector_text(text: str) -> str:
    """Return text for `to_tsvector('simple', …)`."""
    return " ".join(lexemes(text))


def tsquery_text(query: str, *, any_of: bool = False) -> str:
    """Return text for `to_tsquery('simple', …)`; ``""`` when the query holds no word.

    All words must occur, or with `any_of` at least one (for suggestions from a longer text).
    Latin words and digits match by prefix, so that a number typed half is found. The text holds
    quoted lexemes only: nothing a person types reaches the query language.
    """
    words = list(dict.fromkeys(bigrams(query)))[:_MOST_TERMS]
    terms = [f"'{word}':*" if word.isascii() else f"'{word}'" for word in words]
    return (" | " if any_of else " & ").join(terms)
