"""Promises by tier, counted from dispatch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.deadlines import DEFAULT_PROMISES, TIER_NAMES, Deadlines, Standing, Tier
from cases.loader import calendar, read
from rexian.kernel.errors import BadInput
from rexian.kernel.workdays import Unit, WorkCalendar, WorkingTime

SHANGHAI = ZoneInfo("Asia/Shanghai")
DEADLINES = Deadlines(WorkCalendar())
#: Friday 25 September 2026 is the Mid-Autumn Festival; 1 to 7 October are off, 10 October is worked.
BEFORE_NATIONAL_DAY = datetime(2026, 9, 30, 16, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("tier", "due"),
    [
        (Tier.EMERGENCY, datetime(2026, 9, 30, 18, 0, tzinfo=SHANGHAI)),
        (Tier.UTILITIES, datetime(2026, 10, 1, 16, 0, tzinfo=SHANGHAI)),
        (Tier.ENQUIRY, datetime(2026, 10, 8, 17, 0, tzinfo=SHANGHAI)),
        (Tier.HELP, datetime(2026, 10, 13, 17, 0, tzinfo=SHANGHAI)),
        (Tier.COMPLAINT, datetime(2026, 10, 20, 17, 0, tzinfo=SHANGHAI)),
        (Tier.COMPLEX, datetime(2026, 10, 27, 17, 0, tzinfo=SHANGHAI)),
    ],
)
def test_promises_across_a_long_holiday_and_a_make_up_saturday(tier: Tier, due: datetime) -> None:
    promise = DEADLINES.promise(tier, BEFORE_NATIONAL_DAY)
    assert promise.due_at == due
    assert promise.due_at.tzinfo is UTC
    assert not promise.provisional


def test_a_promise_into_a_year_not_announced_is_provisional() -> None:
    late = datetime(2026, 12, 28, 10, 0, tzinfo=SHANGHAI)
    assert DEADLINES.promise(Tier.COMPLAINT, late).provisional
    assert not DEADLINES.promise(Tier.UTILITIES, late).provisional
    assert not DEADLINES.promise(Tier.ENQUIRY, late).provisional


def test_a_tier_the_city_does_not_have_is_refused_at_its_field() -> None:
    small = Deadlines(WorkCalendar(), {Tier.HELP: WorkingTime(3, Unit.WORKING_DAYS)})
    with pytest.raises(BadInput) as refused:
        small.promise(Tier.COMPLEX, BEFORE_NATIONAL_DAY)
    assert refused.value.field == "tier"


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - the zone is beside
def test_a_slower_tier_is_never_due_before_a_faster_one(at: datetime) -> None:
    working = [Tier.ENQUIRY, Tier.HELP, Tier.COMPLAINT, Tier.COMPLEX]
    dues = [DEADLINES.promise(tier, at).due_at for tier in working]
    assert dues == sorted(dues)
    assert all(due > at for due in dues)


def test_a_promise_is_running_then_near_then_broken_and_stays_as_it_was_kept() -> None:
    start, due = datetime(2026, 11, 18, 2, 0, tzinfo=UTC), datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
    hours = {
        1: Standing.RUNNING,
        17: Standing.RUNNING,
        19: Standing.NEAR,
        24: Standing.NEAR,
        25: Standing.BROKEN,
    }
    for hour, standing in hours.items():
        assert DEADLINES.standing(start, due, start + timedelta(hours=hour)) is standing
    year_later = start + timedelta(days=365)
    assert DEADLINES.standing(start, due, year_later, due) is Standing.KEPT
    late = due + timedelta(seconds=1)
    assert DEADLINES.standing(start, due, year_later, late) is Standing.BROKEN


def test_the_seed_file_says_what_the_code_defaults_to() -> None:
    seeded = {
        Tier(row["tier"]): (row["name"], WorkingTime(row["amount"], Unit(row["unit"])))
        for row in read("promises.yaml")["promises"]
    }
    assert seeded == {tier: (TIER_NAMES[tier], DEFAULT_PROMISES[tier]) for tier in Tier}
    assert calendar().hours == WorkCalendar().hours
