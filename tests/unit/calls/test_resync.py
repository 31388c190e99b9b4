"""What a resync takes for a call, and when it puts a seat right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from calls.mirror import SeatChanged
from calls.model import SeatAction
from calls.resync import as_wanted, is_inbound

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "wanted"),
    [
        ({"Channel": "PJSIP/trunk-1", "Context": "inbound", "Exten": "085112345"}, True),
        ({"Channel": "PJSIP/trunk-1", "Context": "wait", "Exten": "96796"}, True),
        ({"Channel": "PJSIP/trunk-1", "Context": "emergency", "Exten": "110"}, True),
        ({"Channel": "PJSIP/trunk-1", "Context": "inbound", "Exten": ""}, False),
        ({"Channel": "PJSIP/trunk-1", "Context": "voice-out", "Exten": "play"}, False),
        ({"Channel": "PJSIP/seat-1012-1", "Context": "seats", "Exten": ""}, False),
    ],
)
def test_only_the_carriers_calls_to_a_line_are_callers(channel, wanted):
    assert is_inbound(channel) is wanted


def seat(*, paused: bool) -> SeatChanged:
    return SeatChanged("1012", signed_in=True, paused=paused, phone="idle", at=AT)


@pytest.mark.parametrize(
    ("found", "asked", "well"),
    [
        (None, SeatAction.SIGN_OUT, True),
        (None, SeatAction.READY, False),
        (None, SeatAction.PAUSE, False),
        (seat(paused=False), SeatAction.READY, True),
        (seat(paused=True), SeatAction.READY, False),
        (seat(paused=True), SeatAction.SIGN_IN, True),
        (seat(paused=False), SeatAction.PAUSE, False),
        (seat(paused=True), SeatAction.SIGN_OUT, False),
    ],
)
def test_a_seat_that_stands_otherwise_than_asked_is_noticed(found, asked, well):
    assert as_wanted(found, asked) is well
