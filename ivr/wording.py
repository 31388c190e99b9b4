"""How values are spoken: digits one by one, dates and small numbers as Chinese says them. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from ivr.types import Piece

_TEN = 10
_HUNDRED = 100


def sentence(pieces: Sequence[Piece], slots: Mapping[str, str]) -> tuple[str, ...]:
    """Prompt ids of a sentence. A value that is missing or odd is said as `Piece.otherwise`."""
    said: list[str] = []
    for piece in pieces:
        said += _piece(piece, slots) or ([piece.otherwise] if piece.otherwise else [])
    return tuple(said)


def _piece(piece: Piece, slots: Mapping[str, str]) -> list[str]:
    if piece.kind == "prompt":
        return [piece.value]
    value = slots.get(piece.value, "")
    if piece.kind == "digits":
        return digits(value)
    if piece.kind == "date":
        return spoken_date(value)
    return [piece.prompts[value]] if value in piece.prompts else []


def digits(text: str) -> list[str]:
    """`20261` one by one; everything that is not a digit is left out."""
    return [f"digit-{mark}" for mark in text if mark in "0123456789"]


def number(value: int) -> list[str]:
    """0 to 99 as Chinese counts: 12 is 十二, 20 is 二十. Above that, digits one by one."""
    if not 0 <= value < _HUNDRED:
        return digits(str(value))
    tens, ones = divmod(value, _TEN)
    said = ([f"digit-{tens}"] if tens > 1 else []) + (["ten"] if tens else [])
    return said + ([f"digit-{ones}"] if ones or not tens else [])


def spoken_date(text: str) -> list[str]:
    """Say an ISO date (or the date of an ISO time) as month and day: 十一月二十一日."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return []
    return [*number(day.month), "month", *number(day.day), "day"]


def spoken_prompts() -> frozenset[str]:
    """Every prompt id that digits, numbers and dates may need."""
    return frozenset({*(f"digit-{n}" for n in range(10)), "ten", "month", "day"})
