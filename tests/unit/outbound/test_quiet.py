"""Quiet hours 21:30 to 08:00 in Guiyang, and who may be told at night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.model import Channel
from outbound.quiet import QuietHours
from rexian.kernel.clock import SHANGHAI
from rexian.kernel.errors import BadSetting

RULE = QuietHours(time(21, 30), time(8, 0))


def guiyang(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        (guiyang(18, 21, 29), guiyang(18, 21, 29)),
        (guiyang(18, 21, 30), guiyang(19, 8)),
        (guiyang(19, 0, 0), guiyang(19, 8)),
        (guiyang(19, 7, 59), guiyang(19, 8)),
        (guiyang(19, 8, 0), guiyang(19, 8)),
    ],
)
def test_edges(now: datetime, earliest: datetime) -> None:
    assert RULE.earliest(now, Channel.SMS) == earliest
    assert RULE.earliest(now, Channel.FAX) == earliest


def test_paper_and_mail_wake_nobody() -> None:
    night = guiyang(19, 2)
    assert RULE.earliest(night, Channel.MAIL) == night
    assert RULE.earliest(night, Channel.LETTER) == night


def test_who_has_just_called_is_told_at_once() -> None:
    night = guiyang(19, 2)
    called = night - timedelta(minutes=59)
    assert RULE.earliest(night, Channel.SMS, last_contact_at=called) == night
    earlier = night - timedelta(minutes=61)
    assert RULE.earliest(night, Channel.SMS, last_contact_at=earlier) == guiyang(19, 8)


def test_emergencies_go_at_once() -> None:
    night = guiyang(19, 2)
    assert RULE.earliest(night, Channel.SMS, urgent=True) == night


def test_no_quiet_hours() -> None:
    assert QuietHours.never().earliest(guiyang(19, 2), Channel.SMS) == guiyang(19, 2)


def test_settings() -> None:
    assert QuietHours.parse("21:30", "08:00", 60) == RULE
    with pytest.raises(BadSetting):
        QuietHours.parse("half past nine", "08:00", 60)


@given(
    st.integers(0, 366 * 86_400).map(lambda s: guiyang(1, 0) + timedelta(seconds=s)),
    st.times(),
    st.times(),
)
def test_earliest_is_never_before_now_nor_in_quiet_hours_nor_a_day_away(
    now: datetime, start: time, end: time
) -> None:
    rule = QuietHours(start.replace(microsecond=0), end.replace(microsecond=0))
    earliest = rule.earliest(now, Channel.SMS)
    assert now <= earliest <= now + timedelta(days=1)
    assert not rule.quiet_at(earliest)
