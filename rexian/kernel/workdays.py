"""Working days and working hours, make-up Saturdays (调休) included.

The State Council announces each year's days off and make-up days in one notice; the package
`holidays` carries the notices it knows. A year whose notice is not known is computed from the
statutory days alone, and every moment computed through it is marked `provisional`, to be
recomputed when the notice is loaded. A city may add days of its own (`Overlay`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import holidays

SHANGHAI = ZoneInfo("Asia/Shanghai")
_ONE_DAY = timedelta(days=1)
#: The longest run of days off looked through before the data must be wrong.
_LONGEST_BREAK_DAYS = 60


class Unit(StrEnum):
    """In what a promise counts."""

    NATURAL_HOURS = "natural_hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """An amount of time to be added, such as 5 working days; `amount` is not negative."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse a negative amount."""
        if self.amount < 0:
            raise ValueError("an amount of working time is not negative")

    def in_words(self) -> str:
        """In Chinese: 5 个工作日."""
        names = {
            Unit.NATURAL_HOURS: "小时",
            Unit.WORKING_HOURS: "个工作小时",
            Unit.WORKING_DAYS: "个工作日",
        }
        return f"{self.amount} {names[self.unit]}"


@dataclass(frozen=True, slots=True)
class Moment:
    """An aware moment (UTC); `provisional` when a year not yet announced lies on the way."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Overlay:
    """A city's own days: off although the state works, at work although the state does not."""

    days_off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()
    announced_years: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, data: Mapping[str, Iterable[str | date | int]]) -> Overlay:
        """From a city's YAML: `days_off`, `working` (dates) and `announced_years`.

        Raises `ValueError` when a date cannot be read.
        """
        return cls(
            days_off=frozenset(_as_date(str(d)) for d in data.get("days_off", ())),
            working=frozenset(_as_date(str(d)) for d in data.get("working", ())),
            announced_years=frozenset(int(str(y)) for y in data.get("announced_years", ())),
        )


def _as_date(text: str) -> date:
    return date.fromisoformat(text[:10])


#: Office hours of the departments: morning and afternoon, local time.
OFFICE_HOURS = ((time(9), time(12)), (time(13), time(17)))


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The days and hours in which departments work.

    `hours` are the spans of a working day in local time, in order and not overlapping.
    """

    overlay: Overlay = field(default_factory=Overlay)
    hours: tuple[tuple[time, time], ...] = OFFICE_HOURS
    zone: ZoneInfo = SHANGHAI
    _state: holidays.HolidayBase = field(
        default_factory=lambda: holidays.country_holidays("CN"), repr=False, compare=False
    )

    def is_announced(self, year: int) -> bool:
        """Whether the notice for `year` is known."""
        notices = self._state.special_public_holidays
        return year in notices or year in self.overlay.announced_years

    def is_working(self, day: date) -> bool:
        """Whether departments work on `day`."""
        if day in self.overlay.days_off:
            return False
        if day in self.overlay.working:
            return True
        return bool(self._state.is_working_day(day))

    def add_working(self, start: datetime, span: WorkingTime) -> Moment:
        """Add `span` to `start` (aware). Raises `ValueError` for a naive start."""
        if start.tzinfo is None:
            raise ValueError("start must be aware")
        local = start.astimezone(self.zone)
        match span.unit:
            case Unit.NATURAL_HOURS:
                return Moment((start + timedelta(hours=span.amount)).astimezone(UTC), False)
            case Unit.WORKING_HOURS:
                end = self._add_hours(local, timedelta(hours=span.amount))
            case Unit.WORKING_DAYS:
                end = self._add_days(local, span.amount)
        years = range(local.year, end.year + 1)
        provisional = not all(self.is_announced(year) for year in years)
        return Moment(end.astimezone(UTC), provisional)

    def _add_days(self, local: datetime, days: int) -> datetime:
        """N working days: the end of office hours of the Nth working day after the start's day."""
        if days == 0:
            return local
        day = local.date()
        for _ in range(days):
            day = self._next_working(day + _ONE_DAY)
        return datetime.combine(day, self.hours[-1][1], self.zone)

    def _add_hours(self, local: datetime, left: timedelta) -> datetime:
        if left == timedelta(0):
            return local
        day, clock = local.date(), local.timetz().replace(tzinfo=None)
        while True:
            if self.is_working(day):
                for opens, closes in self.hours:
                    begin = max(opens, clock)
                    span = _between(begin, closes)
                    if span >= left:
                        return datetime.combine(day, begin, self.zone) + left
                    left -= max(span, timedelta(0))
            day, clock = self._next_working(day + _ONE_DAY), time(0)

    def _next_working(self, day: date) -> date:
        for offset in range(_LONGEST_BREAK_DAYS):
            candidate = day + offset * _ONE_DAY
            if self.is_working(candidate):
                return candidate
        raise ValueError(f"no working day within {_LONGEST_BREAK_DAYS} days after {day}")

    def working_hours_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end` (aware); zero when `end` is not later."""
        begin, stop = start.astimezone(self.zone), end.astimezone(self.zone)
        total = timedelta(0)
        day = begin.date()
        while day <= stop.date():
            for opens, closes in self.hours if self.is_working(day) else ():
                low = max(datetime.combine(day, opens, self.zone), begin)
                high = min(datetime.combine(day, closes, self.zone), stop)
                total += max(high - low, timedelta(0))
            day += _ONE_DAY
        return total


def _between(begin: time, end: time) -> timedelta:
    return datetime.combine(date.min, end) - datetime.combine(date.min, begin)
