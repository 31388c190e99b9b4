from datetime import UTC, datetime, timedelta

import pytest

from rexian.kernel.clock import FixedClock, SystemClock, aware, local


def test_the_fixed_clock_moves_only_when_told():
    clock = FixedClock(datetime(2026, 11, 21, 8, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.advance(timedelta(hours=2))
    assert clock.now() == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="naive"):
        aware(datetime(2026, 11, 21, 8))  # noqa: DTZ001 - the point of the test


def test_times_are_utc_inside_and_local_on_screen():
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert local(datetime(2026, 11, 21, 16, tzinfo=UTC)).strftime("%m-%d %H") == "11-22 00"
