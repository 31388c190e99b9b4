"""What the log says about notices: channel, kind and a code, never whom or what."""

from __future__ import annotations

from outbound.model import Channel, Decision, State
from rexian.kernel.event_types import EventType, code, declare, identifier, one_of, pattern

_NOTICE = {
    "notice": code(),
    "channel": one_of(Channel),
    "about": one_of(("case", "approval")),
    "id": identifier(),
    "error": code(),
}
_MEANINGS = {
    State.SENT: "left the house; the carrier or mail server took it",
    State.DELIVERED: "the receipt, or the fax machine's answer, says it arrived",
    State.FAILED: "refused or undeliverable",
    State.UNCERTAIN: "may have gone out: nobody knows",
}
_DECISIONS = {
    Decision.TAKE_AS_SENT: "a person took an uncertain message as sent",
    Decision.LEAVE: "a person left a failed message as it is",
    Decision.SEND_AGAIN: "a person had an uncertain or failed message sent again",
}

TYPES = (
    *(EventType(f"notice.{state.value}", "notice", m, _NOTICE) for state, m in _MEANINGS.items()),
    *(EventType(f"notice.{one.value}", "notice", m, _NOTICE) for one, m in _DECISIONS.items()),
    EventType(
        "work.tried_again",
        "work",
        "a person had work tried again that was given up",
        {"kind": pattern("[a-z_]{1,30}([.][a-z_]{1,30})*", "a kind of work")},
    ),
)
declare(*TYPES)
