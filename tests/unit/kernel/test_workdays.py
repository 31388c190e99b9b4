"""Working days and hours, against the State Council's notices and a slow oracle."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rexian.kernel.workdays import Moment, Overlay, Unit, WorkCalendar, WorkingTime

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar()


def local(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        # State Council notice for 2025: Spring Festival 28 January to 4 February, worked 26 January
        # and 8 February; National Day 1 to 8 October, worked 28 September and 11 October.
        (date(2025, 1, 26), True),
        (date(2025, 1, 28), False),
        (date(2025, 2, 4), False),
        (date(2025, 2, 8), True),
        (date(2025, 9, 28), True),
        (date(2025, 10, 8), False),
        (date(2025, 10, 11), True),
        # 2026: New Year 1 to 3 January, worked 4 January; Spring Festival 15 to 23 February,
        # worked 14 and 28 February; National Day 1 to 7 October, worked 20 September, 10 October.
        (date(2026, 1, 2), False),
        (date(2026, 1, 4), True),
        (date(2026, 2, 14), True),
        (date(2026, 2, 23), False),
        (date(2026, 2, 28), True),
        (date(2026, 10, 7), False),
        (date(2026, 10, 10), True),
        (date(2026, 11, 18), True),
        (date(2026, 11, 21), False),
    ],
)
def test_days_of_the_notices(day: date, working: bool) -> None:
    assert CALENDAR.is_working(day) is working


def test_only_years_with_a_notice_are_announced() -> None:
    assert CALENDAR.is_announced(2026)
    assert not CALENDAR.is_announced(2031)
    assert WorkCalendar(Overlay(announced_years=frozenset({2031}))).is_announced(2031)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (local(18, 10), 1, local(18, 11)),
        (local(18, 11), 2, local(18, 14)),
        (local(18, 11), 1, local(18, 12)),
        (local(18, 12, 30), 4, local(18, 17)),
        (local(18, 16), 4, local(19, 12)),
        (local(18, 20), 4, local(19, 14)),
        (local(18, 3), 4, local(18, 14)),
        (local(20, 16), 4, local(23, 12)),
        (local(21, 10), 1, local(23, 10)),
        (local(18, 10), 0, local(18, 10)),
    ],
)
def test_working_hours_skip_noon_nights_and_weekends(
    start: datetime, hours: int, end: datetime
) -> None:
    moment = CALENDAR.add_working(start, WorkingTime(hours, Unit.WORKING_HOURS))
    assert moment == Moment(end.astimezone(UTC), provisional=False)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (local(18, 10), 1, local(19, 17)),
        (local(18, 23), 1, local(19, 17)),
        (local(20, 9), 1, local(23, 17)),
        (local(21, 9), 1, local(23, 17)),
        (local(21, 9), 0, local(21, 9)),
        (local(18, 10), 15, local(9, 17, month=12)),
    ],
)
def test_working_days_end_with_the_office(start: datetime, days: int, end: datetime) -> None:
    assert CALENDAR.add_working(start, WorkingTime(days, Unit.WORKING_DAYS)).at == end


def test_natural_hours_run_through_everything() -> None:
    moment = CALENDAR.add_working(local(30, 23, month=9), WorkingTime(24, Unit.NATURAL_HOURS))
    assert moment == Moment(local(1, 23, month=10).astimezone(UTC), provisional=False)


def test_the_day_is_the_citys_not_utcs() -> None:
    friday_evening_utc = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # Saturday 01:00 in Guiyang
    moment = CALENDAR.add_working(friday_evening_utc, WorkingTime(1, Unit.WORKING_DAYS))
    assert moment.at == local(23, 17)


def test_a_year_on_the_way_that_is_not_announced_makes_the_moment_provisional() -> None:
    far = CALENDAR.add_working(local(2, 9, month=3, year=2031), WorkingTime(1, Unit.WORKING_DAYS))
    assert far.provisional
    natural = WorkingTime(2, Unit.NATURAL_HOURS)
    assert not CALENDAR.add_working(local(2, 9, month=3, year=2031), natural).provisional


def test_a_citys_own_days_win_over_the_states() -> None:
    overlay = Overlay.parse({"days_off": ["2026-11-19"], "working": [date(2026, 11, 21)]})
    city = WorkCalendar(overlay)
    assert not city.is_working(date(2026, 11, 19))
    assert city.is_working(date(2026, 11, 21))
    assert city.add_working(local(18, 10), WorkingTime(2, Unit.WORKING_DAYS)).at == local(21, 17)


def test_naive_starts_and_negative_amounts_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.add_working(datetime(2026, 11, 18), WorkingTime(1, Unit.WORKING_DAYS))  # noqa: DTZ001 - the point
    with pytest.raises(ValueError, match="negative"):
        WorkingTime(-1, Unit.WORKING_DAYS)
    with pytest.raises(ValueError, match="no working day"):
        never = frozenset(date(2026, 11, 1) + timedelta(days=n) for n in range(90))
        WorkCalendar(Overlay(days_off=never)).add_working(
            local(18, 10), WorkingTime(1, Unit.WORKING_DAYS)
        )


moments = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001 - the zone is beside
    datetime(2026, 10, 1),  # noqa: DTZ001 - the zone is beside
    timezones=st.just(SHANGHAI),
).map(lambda at: at.replace(second=0, microsecond=0, fold=0))


def _minute_by_minute(start: datetime, minutes: int) -> datetime:
    at = start
    while minutes:
        open_now = CALENDAR.is_working(at.date()) and (
            time(9) <= at.time() < time(12) or time(13) <= at.time() < time(17)
        )
        minutes -= open_now
        at += timedelta(minutes=1)
    return at


@given(moments, st.integers(1, 16))
@settings(max_examples=40, deadline=None)
def test_working_hours_agree_with_counting_minutes(start: datetime, hours: int) -> None:
    moment = CALENDAR.add_working(start, WorkingTime(hours, Unit.WORKING_HOURS))
    assert moment.at == _minute_by_minute(start, hours * 60)
    assert CALENDAR.working_hours_between(start, moment.at) == timedelta(hours=hours)


@given(moments, st.integers(1, 12), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_adding_days_in_two_steps_is_adding_them_at_once(
    start: datetime, first: int, second: int
) -> None:
    step = CALENDAR.add_working(start, WorkingTime(first, Unit.WORKING_DAYS)).at
    both = CALENDAR.add_working(step, WorkingTime(second, Unit.WORKING_DAYS)).at
    assert both == CALENDAR.add_working(start, WorkingTime(first + second, Unit.WORKING_DAYS)).at
