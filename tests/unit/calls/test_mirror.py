"""What AMI events mean. The messages are as Asterisk 22.10 sent them, shortened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.ami.wire import BadAction, action, at, message
from calls.identity import SEATS, call_id, interface_of, seat_of
from calls.mirror import (
    Abandoned,
    Answered,
    AttemptDone,
    AttemptPlaced,
    Change,
    Decided,
    Ended,
    Moment,
    Queued,
    SeatChanged,
    Started,
    Talked,
    change,
    line_of,
    number,
)
from calls.model import SeatState, seat_state

AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
CALL = {"Uniqueid": "hotline-1-1.0"}
SEAT = {**CALL, "Queue": "12345", "Interface": "PJSIP/seat-1012", "MemberName": "1012"}


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (
            {"Event": "Newchannel", "Channel": "PJSIP/trunk-00000001", "Context": "inbound",
             "Exten": "085112345", "CallerIDNum": "13985012345", **CALL},
            Started("hotline-1-1.0", "PJSIP/trunk-00000001", "12345", "13985012345", AT),
        ),
        ({"Event": "Newchannel", "Context": "seats", "Exten": "110", **CALL}, None),
        # The leg of a notice's call on the trunk: in the endpoint's context, and of no line.
        ({"Event": "Newchannel", "Channel": "PJSIP/trunk-00000002", "Context": "inbound",
          "Exten": "", "CallerIDNum": "", **CALL}, None),
        (
            {"Event": "UserEvent", "UserEvent": "RexianDecision", "Call": "hotline-1-1.0",
             "Decision": "queue", "Stage": "fastagi", "Outcome": "greeting"},
            Decided("hotline-1-1.0", "queue", "fastagi", "greeting", AT),
        ),
        ({"Event": "QueueCallerJoin", "Queue": "96796", "Position": "3", **CALL},
         Queued("hotline-1-1.0", "96796", 3, AT)),
        ({"Event": "AgentCalled", **SEAT}, Moment("hotline-1-1.0", "ringing", "1012", AT)),
        ({"Event": "AgentRingNoAnswer", **SEAT}, Moment("hotline-1-1.0", "no_answer", "1012", AT)),
        ({"Event": "AgentConnect", **SEAT}, Answered("hotline-1-1.0", "1012", AT)),
        ({"Event": "AgentConnect", **SEAT, "Interface": "PJSIP/duty"},
         Answered("hotline-1-1.0", "duty", AT)),
        ({"Event": "AgentComplete", **SEAT, "Reason": "caller"},
         Talked("hotline-1-1.0", "1012", "caller", AT)),
        ({"Event": "QueueCallerAbandon", **CALL}, Abandoned("hotline-1-1.0", AT)),
        ({"Event": "Hangup", "Cause": "16", **CALL}, Ended("hotline-1-1.0", AT)),
        ({"Event": "QueueMemberStatus", **SEAT, "Status": "6", "Paused": "0"},
         SeatChanged("1012", signed_in=True, paused=False, phone="ringing", at=AT)),
        ({"Event": "QueueMemberRemoved", **SEAT, "Status": "1", "Paused": "1"},
         SeatChanged("1012", signed_in=False, paused=True, phone="idle", at=AT)),
        ({"Event": "QueueMemberStatus", "Interface": "PJSIP/stranger"}, None),
        (
            {"Event": "UserEvent", "UserEvent": "RexianFax", "Side": "sent", "Key": "m:1",
             "Status": "SUCCESS", "Pages": "1", "Rate": "14400", "Mode": "audio",
             "Remote": "12345", "Error": "HANGUP"},
            AttemptDone("m:1", ok=True, code="SUCCESS", at=AT, proof={
                "status": "SUCCESS", "pages": "1", "rate": "14400", "mode": "audio",
                "remote": "12345", "error": "HANGUP"}),
        ),
        ({"Event": "UserEvent", "UserEvent": "RexianFax", "Side": "received", "Key": "m"}, None),
        ({"Event": "UserEvent", "UserEvent": "RexianVoice", "Key": "v", "Status": ""},
         AttemptDone("v", ok=False, code="HANGUP", proof={"status": ""}, at=AT)),
        ({"Event": "OriginateResponse", "ActionID": "v", "Response": "Failure", "Reason": "5"},
         AttemptPlaced("v", ok=False, reason="BUSY", at=AT)),
        ({"Event": "VarSet", **CALL}, None),
    ],
)  # fmt: skip
def test_events(event: dict[str, str], wanted: Change | None) -> None:
    assert change(event, AT) == wanted


@given(st.text())
def test_a_number_is_digits_and_short(text: str) -> None:
    found = number(text)
    assert len(found) <= 20
    assert set(found) <= set("+0123456789")


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_lines_make_a_message(lines: list[bytes]) -> None:
    assert isinstance(message(lines), dict)


@given(st.text())
def test_an_action_is_its_own_lines(value: str) -> None:
    if any(end in value for end in "\r\n\0"):
        with pytest.raises(BadAction):
            action("Ping", "1", [("X", value)])
        return
    if not any("\ud800" <= letter <= "\udfff" for letter in value):
        assert action("Ping", "1", [("X", value)]).count(b"\r\n") == 4


def test_the_first_of_two_equal_keys_counts() -> None:
    assert message([b"Event: Hangup", b"Event: FullyBooted"]) == {"Event": "Hangup"}


def test_times() -> None:
    assert at({"Timestamp": "1795296961.420413"}) == datetime.fromtimestamp(1795296961.420413, UTC)
    assert at({"Timestamp": "soon"}) is None
    assert at({}) is None


def test_names() -> None:
    for seat in (*SEATS, "duty"):
        assert seat_of(interface_of(seat)) == seat
        assert seat_of(f"{interface_of(seat)}-0000002a") == seat
    for other in ("PJSIP/seat-9999", "Local/1@x", "PJSIP/trunk-1", "", "PJSIP/dutyfree"):
        assert seat_of(other) is None
    assert call_id("a") == call_id("a") != call_id("b")
    assert line_of("085196796") == "96796"


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ((False, False, "idle", False), SeatState.OUT),
        ((True, False, "idle", False), SeatState.READY),
        ((True, True, "idle", False), SeatState.PAUSED),
        ((True, False, "ringing", False), SeatState.RINGING),
        ((True, False, "unavailable", False), SeatState.NO_PHONE),
        ((True, True, "busy", True), SeatState.TALKING),
    ],
)
def test_seat_states(facts: tuple[bool, bool, str, bool], wanted: SeatState) -> None:
    signed_in, paused, phone, talking = facts
    found = seat_state(signed_in=signed_in, paused=paused, phone=phone, talking=talking)
    assert found is wanted


@pytest.mark.parametrize(
    "name", ["AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete"]
)
def test_an_agents_event_without_its_caller_changes_nothing(name: str) -> None:
    gone = {key: value for key, value in SEAT.items() if key != "Uniqueid"}
    assert change({**gone, "Event": name}, AT) is None
