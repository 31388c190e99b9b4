"""Effects of the machine become telephone steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.session import CallerGone
from agi.walk import LookUp, Request, Response, StreamPrompt, WaitForKey, variables, walk
from ivr.loader import load_menus
from ivr.machine import (
    Collect,
    Decision,
    Digits,
    Facts,
    HangUp,
    Input,
    LookupDone,
    Silence,
    ToEmergency,
    ToQueue,
)

MENUS = load_menus()


def drive(keys: str, *, line: str = "12345", gone_after: int | None = None) -> Decision:
    """Walk with a caller who presses `keys` one after the other and then nothing."""
    waiting = list(keys)
    steps = walk(MENUS, line, Facts())
    count = 0
    try:
        request = next(steps)
        while True:
            count += 1
            if count == gone_after:
                request = steps.throw(CallerGone())
                continue
            request = steps.send(respond(request, waiting))
    except StopIteration as done:
        decision: Decision = done.value
        return decision


def respond(request: Request, waiting: list[str]) -> Response:
    match request:
        case StreamPrompt(_, interrupt):
            return waiting.pop(0) if waiting and waiting[0] in interrupt else ""
        case WaitForKey():
            return waiting.pop(0) if waiting else ""
        case LookUp():
            return LookupDone(None, failed=True)


def test_silence_is_the_queue() -> None:
    assert drive("") == ToQueue("12345", "greeting")


def test_a_key_in_the_greeting_opens_the_menu_and_an_emergency_key_dials() -> None:
    assert drive("18") == ToEmergency("120")


def test_a_failed_lookup_is_a_person() -> None:
    decision = drive("11" + "2026112100001" + "123456")
    assert decision == ToQueue("12345", "lookup_failed")


@given(st.text(alphabet="0123456789*#", max_size=60), st.sampled_from(["12345", "96796", "", "7"]))
def test_every_walk_ends(keys: str, line: str) -> None:
    assert isinstance(drive(keys, line=line), ToQueue | ToEmergency | HangUp)


@given(st.text(alphabet="0123456789*#", max_size=30), st.integers(1, 40))
def test_a_caller_may_go_at_any_step(keys: str, step: int) -> None:
    decision = drive(keys, gone_after=step)
    assert isinstance(decision, ToQueue | ToEmergency | HangUp)


@pytest.mark.parametrize(
    ("effect", "keys", "wanted"),
    [
        (Collect(3, 1000, 500), "123", Digits("123")),
        (Collect(3, 1000, 500, "#"), "1#", Digits("1")),
        (Collect(3, 1000, 500, "#"), "#", Digits("")),
        (Collect(3, 1000, 500), "1", Digits("1")),
        (Collect(3, 1000, 500), "", Silence()),
        (Collect(9, 1000, 500, "#", "*"), "12*", Digits("12*")),
    ],
)
def test_collecting_keys(effect: Collect, keys: str, wanted: Input) -> None:
    from agi.walk import _collect

    waiting, waits = list(keys), []

    steps = _collect(effect, "")
    request = next(steps)
    with pytest.raises(StopIteration) as done:
        while True:
            assert isinstance(request, WaitForKey)
            waits.append(request.timeout_ms)
            request = steps.send(waiting.pop(0) if waiting else "")
    assert done.value.value == wanted
    assert waits == [1000, *[500] * (len(waits) - 1)]


def test_variables_name_the_decision() -> None:
    assert variables(ToQueue("96796", "asked"))["REXIAN_QUEUE"] == "96796"
    assert variables(ToEmergency("110"))["REXIAN_DIAL"] == "110"
    assert variables(HangUp("done")) == {"REXIAN_OUTCOME": "done", "REXIAN_DECISION": "hangup"}
