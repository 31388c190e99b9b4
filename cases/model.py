"""The words of a case: states, commands (what somebody wants) and events (what happened).

Values only. What may follow what is decided in `cases.lifecycle`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.deadlines import Tier


class State(StrEnum):
    """Where a case stands."""

    NEW = "new"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    REPLIED = "replied"
    APPROVED = "approved"
    CLOSED = "closed"


STATE_NAMES = {
    State.NEW: "登记中",
    State.ACCEPTED: "已受理",
    State.DISPATCHED: "待签收",
    State.SIGNED: "办理中",
    State.REPLIED: "待审核",
    State.APPROVED: "审核通过",
    State.CLOSED: "已办结",
}


class Outcome(StrEnum):
    """How a case came to its end."""

    ANSWERED_DIRECTLY = "answered_directly"
    HANDLED = "handled"


# --- commands: what somebody wants ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accept:
    """The case is registered and gets its number (受理)."""

    number: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class AnswerDirectly:
    """The agent answers on the call; no dispatch (直办). `answer` is told to the citizen."""

    answer: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """To one lead department and any number of supports (派单); the promise starts here."""

    lead: str
    supports: tuple[str, ...] = ()
    tier: Tier | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """The lead department takes the case (签收)."""

    department: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The lead department's answer (答复): for the citizen, and a note that stays inside."""

    department: str
    public: str
    internal: str = ""


class Verdict(StrEnum):
    """What the centre makes of a reply."""

    APPROVE = "approved"
    SEND_BACK = "sent_back"


@dataclass(frozen=True, slots=True)
class Review:
    """The centre accepts the reply or sends it back (审核); a comment is needed to send back."""

    verdict: Verdict
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """The case is finished (办结)."""


Command = Accept | AnswerDirectly | Dispatch | Sign | Reply | Review | Close


# --- events: what happened --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """The case was registered."""

    at: datetime
    number: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class AnsweredDirectly:
    """The agent answered on the call."""

    at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The case went to a department, with the promise that started then."""

    at: datetime
    lead: str
    supports: tuple[str, ...]
    tier: Tier
    due_at: datetime
    provisional: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """The lead department took the case."""

    at: datetime
    department: str


@dataclass(frozen=True, slots=True)
class Replied:
    """The lead department answered; `on_time` against the promise."""

    at: datetime
    department: str
    public: str
    internal: str
    on_time: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The centre approved the reply or sent it back."""

    at: datetime
    verdict: Verdict
    comment: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The case is finished; `on_time` is None where nothing was promised."""

    at: datetime
    outcome: Outcome
    on_time: bool | None


Event = Accepted | AnsweredDirectly | Dispatched | Signed | Replied | Reviewed | Closed


@dataclass(frozen=True, slots=True)
class Case:
    """The part of a case that rules look at; text and persons live elsewhere."""

    id: str
    state: State = State.NEW
    number: str = ""
    tier: Tier = Tier.HELP
    lead: str | None = None
    supports: tuple[str, ...] = ()
    dispatched_at: datetime | None = None
    due_at: datetime | None = None
    provisional: bool = False
    signed_at: datetime | None = None
    replied_at: datetime | None = None
    round: int = 1
    sent_back: int = 0
    outcome: Outcome | None = None
    closed_at: datetime | None = None
