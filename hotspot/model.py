"""The words of hotspot analysis: what a case contributes, and what a hotspot is. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Heat(StrEnum):
    """How a topic at a place stands."""

    HOT = "hot"
    """More than its share, confirmed by both stages."""
    WARMING = "warming"
    """The sensitive stage has spoken, the confirming one not yet."""
    WATCH = "watch"
    """It has cases, not more than usual."""


HEAT_NAMES = {Heat.HOT: "热点", Heat.WARMING: "升温", Heat.WATCH: "关注"}


@dataclass(frozen=True, slots=True)
class CaseFact:
    """What analysis knows of a case: codes, ids and times, all from its events.

    `place` is the code of a township or, when no finer one is known, of a district; its first six
    digits are the district's. `citizen` is an id or None for an anonymous one. Times are aware.
    """

    id: str
    number: str
    category: str
    place: str
    citizen: str | None
    accepted_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """Cases of one topic and place that tell of the same matter, and words they share."""

    label: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """One line of the report: a topic at a place, over the window that ends with `day`.

    `observed` cases in the window against `expected` from the baseline; `chance` is the
    probability of so many or more by chance; `cusum` the sensitive stage's sum; `before` the cases
    of the window before. `heat` as defined in hotspot.heat. Every figure is about `cases`.
    """

    topic: str
    place: str
    day: date
    state: Heat
    observed: int
    today: int
    before: int
    expected: float
    chance: float
    cusum: float
    citizens: int
    heat: float
    open: int
    first_at: datetime
    last_at: datetime
    cases: tuple[str, ...]
    matters: tuple[Matter, ...] = field(default=())
