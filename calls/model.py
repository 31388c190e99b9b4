"""What the rest of the house sees of calls and seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SeatAction(StrEnum):
    """What a seat may ask for."""

    SIGN_IN = "sign_in"
    READY = "ready"
    PAUSE = "pause"
    SIGN_OUT = "sign_out"
    HANG_UP = "hang_up"


class SeatState(StrEnum):
    """How a seat stands, as Asterisk has it."""

    OUT = "out"
    READY = "ready"
    PAUSED = "paused"
    RINGING = "ringing"
    TALKING = "talking"
    NO_PHONE = "no_phone"


@dataclass(frozen=True, slots=True)
class Call:
    """One call from the carrier. All times are aware, UTC; `caller` is personal data."""

    id: str
    uniqueid: str
    line: str
    caller: str
    state: str
    queue: str
    position: int
    seat: str
    outcome: str
    started_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None

    @property
    def recording(self) -> str:
        """File name of the recording in var/recordings; it exists when a person answered."""
        return f"{self.uniqueid}.wav"


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat as the desk shows it; `wanted` is the last action asked for."""

    seat: str
    state: SeatState
    wanted: SeatAction
    phone: str
    call_id: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One moment of a call.

    `what`: started, menu, queued, ringing, no_answer, answered, talk_ended, abandoned, dialled,
    ended.
    """

    at: datetime
    what: str
    seat: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An outgoing call of a notice: waiting, calling, done, failed or uncertain.

    `code` says why (`SUCCESS`, `BUSY`, `NO_ANSWER`, `FAX_FAILED`, …); `proof` is what Asterisk
    reported: for a fax `status`, `pages`, `rate`, `mode`, `remote`, `error`.
    """

    key: str
    context: str
    state: str
    code: str
    proof: Mapping[str, str]
    requested_at: datetime
    placed_at: datetime | None
    finished_at: datetime | None


def seat_state(*, signed_in: bool, paused: bool, phone: str, talking: bool) -> SeatState:
    """Return the one state of what Asterisk says about a seat."""
    if talking:
        return SeatState.TALKING
    if not signed_in:
        return SeatState.OUT
    if phone == "unavailable":
        return SeatState.NO_PHONE
    if phone == "ringing":
        return SeatState.RINGING
    return SeatState.PAUSED if paused else SeatState.READY
