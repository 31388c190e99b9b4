r"""The bytes of AGI: commands out, answers in. Pure.

Asterisk reads a command up to the newline and splits it at spaces, with double quotes around
words and `\` before a quote; so a caller's `"` or newline that went through unescaped would be
a command of the caller's choice. Text that no encoding explains comes as surrogates and goes
back out as the bytes it was (PEP 383).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rexian.kernel.errors import RexianError

MAX_LINE_BYTES = 8192
MAX_HEADERS = 128

_ANSWER = re.compile(rb"^(\d{3})(?:-| )(?:result=(-?\d+))?[ ]?(.*)$", re.DOTALL)
_ENDS = re.compile("[\r\n\0]")


class BadCommand(RexianError):
    """A word of an AGI command holds a line end or a NUL and cannot be sent."""

    code = "agi_bad_command"


class BadAnswer(RexianError):
    """What came from Asterisk is no AGI."""

    code = "agi_bad_answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: `code` 200, 510, 511 or 520; `result`; `rest` is what follows it."""

    code: int
    result: int
    rest: str

    @property
    def value(self) -> str | None:
        """The text in brackets after the result (of a variable, say), or None."""
        if self.rest.startswith("(") and self.rest.endswith(")"):
            return self.rest[1:-1]
        return None

    @property
    def digit(self) -> str:
        """The key that ended the command: its result is the key's character code; "" for none."""
        return chr(self.result) if self.result > 0 else ""


def quote(word: str) -> str:
    """Return `word` in double quotes, escaped. Raises `BadCommand` for CR, LF or NUL."""
    if _ENDS.search(word):
        raise BadCommand(length=len(word))
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def command(verb: str, *words: str | int) -> bytes:
    """Return the line for `verb` (our own constant) with every word quoted."""
    parts = [verb, *(str(w) if isinstance(w, int) else quote(w) for w in words)]
    return (" ".join(parts) + "\n").encode("utf-8", "surrogateescape")


def answer(line: bytes) -> Answer:
    """Read one answer (without its line end). Raises `BadAnswer`."""
    found = _ANSWER.match(line)
    if found is None:
        raise BadAnswer(length=len(line))
    result = int(found[2]) if found[2] is not None else 0
    return Answer(int(found[1]), result, found[3].decode("utf-8", "surrogateescape"))


def is_open(line: bytes) -> bool:
    """Whether an answer goes on in the next line: a bracket of a value is not closed yet."""
    return line.startswith(b"200 ") and b" (" in line and not line.endswith(b")")


def header(line: bytes) -> tuple[str, str] | None:
    """Read `agi_name: value`; None for a line that is no header (it is skipped)."""
    name, colon, value = line.partition(b":")
    if not colon or not name.startswith(b"agi_"):
        return None
    return name.decode("ascii", "replace"), value.strip().decode("utf-8", "surrogateescape")
