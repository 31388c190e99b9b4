"""What a carrier or a stranger sends as a name or number, made harmless. Pure."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 40
LONGEST_NUMBER = 32
LONGEST_BODY = 4_000
_not_in_a_number = re.compile(r"[^0-9A-Za-z+*#,;]+")
#: Characters that mean something to a shell, a dial plan or a page, and never stand in a name.
_dangerous = re.compile(r"[\"'`$\\{}<>|;&%\[\]]")


def clean_name(raw: str) -> str:
    """Return a display name without control, format and command characters, at most 40 long.

    Undecodable bytes (kept by Python as lone surrogates) are dropped.
    """
    plain = unicodedata.normalize("NFKC", raw.encode("utf-8", "ignore").decode("utf-8"))
    kept = "".join(" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in plain)
    return " ".join(_dangerous.sub("", kept).split())[:LONGEST_NAME]


def clean_number(raw: str) -> str:
    """Return the digits of what was sent as a number, at most 32 characters."""
    plain = unicodedata.normalize("NFKC", raw.encode("utf-8", "ignore").decode("utf-8"))
    return _not_in_a_number.sub("", plain)[:LONGEST_NUMBER]


def clean_body(raw: str) -> str:
    """Return the text of a message without control characters other than line ends."""
    plain = raw.encode("utf-8", "ignore").decode("utf-8")
    kept = "".join(c for c in plain if c in "\n\t" or not unicodedata.category(c).startswith("C"))
    return kept[:LONGEST_BODY]
