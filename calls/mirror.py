"""What an AMI event means. Pure: a message in, a change or nothing out.

Field names are those of Asterisk 20 to 22 (documentation/core-en_US.xml of each release).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from calls.ami.wire import Message
from calls.identity import QUEUES, seat_of

INBOUND = "inbound"
CONTEXTS = frozenset(
    {INBOUND, "line", "decided", "classic", "bare", "wait", "emergency", "emergency-desk"}
)
#: `AST_DEVICE_…` of devicestate.h, as QueueMemberStatus gives them.
PHONES: Mapping[str, str] = MappingProxyType(
    {
        "0": "unknown",
        "1": "idle",
        "2": "busy",
        "3": "busy",
        "4": "unavailable",
        "5": "unavailable",
        "6": "ringing",
        "7": "ringing",
        "8": "busy",
    }
)
_NUMBER = re.compile(r"[^0-9+]")
LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True)
class Started:
    """A call came in on `line`."""

    uniqueid: str
    channel: str
    line: str
    caller: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """The menu ended: `stage` fastagi, classic or bare; `decision` queue, dial or hangup."""

    uniqueid: str
    decision: str
    stage: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Queued:
    """The caller entered `queue` at `position`."""

    uniqueid: str
    queue: str
    position: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """Something for the timeline alone: ringing, no_answer, dialled."""

    uniqueid: str
    what: str
    seat: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """The person at `seat` answered."""

    uniqueid: str
    seat: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The caller gave up waiting."""

    uniqueid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Talked:
    """The talk with `seat` ended; `by` caller, agent or transfer."""

    uniqueid: str
    seat: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """The caller's channel is gone."""

    uniqueid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatChanged:
    """A seat as its queues have it now."""

    seat: str
    signed_in: bool
    paused: bool
    phone: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptDone:
    """An outgoing call of a notice reported what came of it."""

    key: str
    ok: bool
    code: str
    proof: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptPlaced:
    """An outgoing call was answered (`ok`) or not; `reason` is Asterisk's number for it."""

    key: str
    ok: bool
    reason: str
    at: datetime


Change = (
    Started | Decided | Queued | Moment | Answered | Abandoned | Talked | Ended | SeatChanged
    | AttemptDone | AttemptPlaced
)  # fmt: skip

#: OriginateResponse's `Reason` (AST_CONTROL_… of frame.h).
REASONS: Mapping[str, str] = MappingProxyType(
    {"0": "NO_ROUTE", "1": "HANGUP", "3": "NO_ANSWER", "5": "BUSY", "8": "CONGESTION"}
)


def number(text: str) -> str:
    """Return a caller's number as the dialplan filters it: digits and `+`, 20 at most."""
    return _NUMBER.sub("", text)[:LONGEST_NUMBER]


def change(event: Message, at: datetime) -> Change | None:
    """Return what `event` changes, or None. `at` is its time.

    Asterisk leaves the caller out of an agent's event when the caller's channel has just ended:
    such an event says nothing any more, the end of the call comes by its own.
    """
    name = event.get("Event", "")
    if name in _OF_A_CALLER and "Uniqueid" not in event:
        return None
    read = _READERS.get(name)
    return read(event, at) if read else None


_OF_A_CALLER = frozenset({"AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete"})


def line_of(extension: str) -> str:
    """Return the line a carrier's number leads to: `085112345` and `12345` are one."""
    return next((line for line in QUEUES if extension.endswith(line)), extension)


def _started(event: Message, at: datetime) -> Change | None:
    """Read a channel that comes in; the leg of a call we place has the context but no number."""
    line = line_of(event.get("Exten", ""))
    if event.get("Context") != INBOUND or line not in QUEUES:
        return None
    return Started(
        event["Uniqueid"],
        event["Channel"],
        line,
        number(event.get("CallerIDNum", "")),
        at,
    )


def _queued(event: Message, at: datetime) -> Change | None:
    return Queued(event["Uniqueid"], event["Queue"], int(event.get("Position", "0")), at)


def _ringing(event: Message, at: datetime) -> Change | None:
    seat = seat_of(event.get("Interface", ""))
    return Moment(event["Uniqueid"], "ringing", seat, at) if seat else None


def _no_answer(event: Message, at: datetime) -> Change | None:
    seat = seat_of(event.get("Interface", ""))
    return Moment(event["Uniqueid"], "no_answer", seat, at) if seat else None


def _answered(event: Message, at: datetime) -> Change | None:
    seat = seat_of(event.get("Interface", ""))
    return Answered(event["Uniqueid"], seat, at) if seat else None


def _talked(event: Message, at: datetime) -> Change | None:
    seat = seat_of(event.get("Interface", ""))
    return Talked(event["Uniqueid"], seat, event.get("Reason", ""), at) if seat else None


def _abandoned(event: Message, at: datetime) -> Change | None:
    return Abandoned(event["Uniqueid"], at)


def _ended(event: Message, at: datetime) -> Change | None:
    return Ended(event["Uniqueid"], at)


def member(event: Message, at: datetime) -> SeatChanged | None:
    """Return a seat's state of any event or list entry that describes a queue's member."""
    seat = seat_of(event.get("Interface") or event.get("Location") or "")
    if seat is None:
        return None
    return SeatChanged(
        seat,
        signed_in=event.get("Event") != "QueueMemberRemoved",
        paused=event.get("Paused") == "1",
        phone=PHONES.get(event.get("Status", ""), "unknown"),
        at=at,
    )


def _told(event: Message, at: datetime) -> Change | None:
    """Read what our own dialplan reports by UserEvent (extensions.conf.j2)."""
    match event.get("UserEvent"):
        case "RexianDecision":
            return Decided(
                event.get("Call", ""), event.get("Decision", ""), event.get("Stage", ""),
                event.get("Outcome", ""), at,
            )  # fmt: skip
        case "RexianDial":
            return Moment(event.get("Call", ""), "dialled", "", at)
        case "RexianFax" if event.get("Side") == "sent":
            return _fax(event, at)
        case "RexianVoice":
            status = event.get("Status", "")
            return AttemptDone(
                event.get("Key", ""),
                status == "SUCCESS",
                status or "HANGUP",
                {"status": status},
                at,
            )
        case _:
            return None


def _fax(event: Message, at: datetime) -> Change:
    proof = {
        name: event.get(field, "")
        for name, field in {
            "status": "Status", "pages": "Pages", "rate": "Rate", "mode": "Mode",
            "remote": "Remote", "error": "Error",
        }.items()
    }  # fmt: skip
    status = proof["status"]
    return AttemptDone(event.get("Key", ""), status == "SUCCESS", status or "NO_FAX", proof, at)


def _originated(event: Message, at: datetime) -> Change | None:
    key = event.get("ActionID", "")
    ok = event.get("Response") == "Success"
    return AttemptPlaced(key, ok, REASONS.get(event.get("Reason", ""), "FAILED"), at)


_READERS: Mapping[str, Callable[[Message, datetime], Change | None]] = MappingProxyType(
    {
        "Newchannel": _started,
        "QueueCallerJoin": _queued,
        "QueueCallerAbandon": _abandoned,
        "AgentCalled": _ringing,
        "AgentRingNoAnswer": _no_answer,
        "AgentConnect": _answered,
        "AgentComplete": _talked,
        "Hangup": _ended,
        "QueueMemberAdded": member,
        "QueueMemberRemoved": member,
        "QueueMemberPause": member,
        "QueueMemberStatus": member,
        "UserEvent": _told,
        "OriginateResponse": _originated,
    }
)
