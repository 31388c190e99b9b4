"""What desks and notices ask of the telephones, and what they may know.

Asking writes a work row in the caller's transaction; the follower carries it out by AMI. Nobody
but the follower writes the state of a seat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from calls import store
from calls.identity import SEATS
from calls.model import Attempt, Call, SeatAction, SeatState, SeatView, TimelineEntry, seat_state
from rexian.kernel import work
from rexian.kernel.errors import BadInput
from rexian.kernel.ids import new_id

SEAT_WORK = "calls.seat"
ORIGINATE_WORK = "calls.originate"
CONTEXTS: Mapping[str, str] = {"fax-out": "send", "voice-out": "play"}
VARIABLES = frozenset({"REXIAN_FILE"})
_KEY = re.compile(r"^[A-Za-z0-9:_-]{1,80}$")
_NUMBER = re.compile(r"^(\+?[0-9]{3,20}|fax-sink)$")
#: What SendFAX and Playback take as separators, or Asterisk as a variable, is not in a path.
_FILE = re.compile(r"^/[\w./ @+=:~-]{1,400}$")
SHORT_WAIT = timedelta(seconds=15)


async def request_seat(
    tx: AsyncConnection, seat: str, action: SeatAction | str, *, at: datetime | None = None
) -> None:
    """Ask the telephone system to do `action` for `seat`. Raises `BadInput` for neither."""
    if seat not in SEATS:
        raise BadInput("没有这个坐席。", field="seat")
    try:
        wanted = SeatAction(action)
    except ValueError:
        raise BadInput("坐席没有这个操作。", field="action") from None
    at = at or datetime.now(UTC)
    payload = {"seat": seat, "action": wanted.value}
    if wanted is SeatAction.HANG_UP:
        call = await current_call(tx, seat)
        payload |= {"call": call.id if call else "", "asked_at": at.isoformat()}
    else:
        await store.want(tx, seat, wanted.value, at)
    await work.enqueue(tx, SEAT_WORK, f"{seat}:{new_id()}", payload)


async def seat_view(tx: AsyncConnection, seat: str) -> SeatView:
    """Return how a seat stands; one never seen is out."""
    found = await tx.execute(
        text(
            "SELECT wanted, signed_in, paused, phone, call_id, changed_at FROM seat_states"
            " WHERE seat = :s"
        ),
        {"s": seat},
    )
    row = found.one_or_none()
    if row is None:
        return SeatView(seat, SeatState.OUT, SeatAction.SIGN_OUT, "unknown", None, None)
    state = seat_state(
        signed_in=row.signed_in,
        paused=row.paused,
        phone=row.phone,
        talking=row.call_id is not None,
    )
    return SeatView(seat, state, SeatAction(row.wanted), row.phone, row.call_id, row.changed_at)


async def seat_views(tx: AsyncConnection) -> list[SeatView]:
    """Return all seats in order of their numbers."""
    return [await seat_view(tx, seat) for seat in SEATS]


async def current_call(tx: AsyncConnection, seat: str) -> Call | None:
    """Return the call a seat talks in, or None."""
    found = await tx.execute(
        text("SELECT call_id FROM seat_states WHERE seat = :s AND call_id IS NOT NULL"),
        {"s": seat},
    )
    call = found.scalar_one_or_none()
    return await store.by_id(tx, call) if call else None


async def last_call(tx: AsyncConnection, seat: str) -> Call | None:
    """Return the call a seat talks in, else the one it talked in last, or None."""
    found = await tx.execute(
        text(
            "SELECT id FROM calls WHERE seat = :s AND answered_at IS NOT NULL"
            " ORDER BY answered_at DESC LIMIT 1"
        ),
        {"s": seat},
    )
    call = found.scalar_one_or_none()
    return await store.by_id(tx, call) if call else None


async def get_call(tx: AsyncConnection, call: str) -> Call | None:
    """Return a call by its id, or None."""
    return await store.by_id(tx, call)


async def call_timeline(tx: AsyncConnection, call: str) -> list[TimelineEntry]:
    """Return the moments of a call in order; their times are those of app_queue's log."""
    return await store.timeline(tx, call)


@dataclass(frozen=True, slots=True)
class QueuesNow:
    """The centre now. Rates (0 to 1) are those of domain.md, since `since`; None without calls.

    `connect_rate` and `service_level` leave out callers who gave up within 5 s of entering the
    queue; those are `gave_up_at_once`.
    """

    waiting: int
    longest_s: float | None
    talking: int
    seats_on: int
    seats_ready: int
    asked: int
    answered: int
    gave_up_at_once: int
    connect_rate: float | None
    service_level: float | None


async def queues_now(tx: AsyncConnection, at: datetime, since: datetime) -> QueuesNow:
    """Return the centre's state at `at` and its rates of the calls queued since `since`."""
    live = (
        await tx.execute(
            text(
                "SELECT count(*) FILTER (WHERE state = 'queued') AS waiting,"
                " min(queued_at) FILTER (WHERE state = 'queued') AS oldest,"
                " count(*) FILTER (WHERE state = 'talking') AS talking"
                " FROM calls WHERE ended_at IS NULL"
            )
        )
    ).one()
    day = (
        await tx.execute(
            text(
                "SELECT count(*) AS asked, count(answered_at) AS answered,"
                " count(*) FILTER (WHERE answered_at - queued_at <= :short) AS fast,"
                " count(*) FILTER (WHERE answered_at IS NULL"
                "  AND abandoned_at - queued_at <= interval '5 seconds') AS gave_up"
                " FROM calls WHERE queued_at >= :since AND state <> 'queued'"
            ),
            {"since": since, "short": SHORT_WAIT},
        )
    ).one()
    states = [view.state for view in await seat_views(tx)]
    counted = day.asked - day.gave_up
    return QueuesNow(
        waiting=live.waiting,
        longest_s=(at - live.oldest).total_seconds() if live.oldest else None,
        talking=live.talking,
        seats_on=sum(state is not SeatState.OUT for state in states),
        seats_ready=sum(state is SeatState.READY for state in states),
        asked=day.asked,
        answered=day.answered,
        gave_up_at_once=day.gave_up,
        connect_rate=day.answered / counted if counted else None,
        service_level=day.fast / counted if counted else None,
    )


async def seat_day(tx: AsyncConnection, seat: str, since: datetime) -> tuple[int, float | None]:
    """Return a seat's answered calls since `since` and their mean talk in seconds."""
    row = (
        await tx.execute(
            text(
                "SELECT count(*) AS calls, extract(epoch FROM avg(coalesce(talk_ended_at, ended_at)"
                " - answered_at)) AS talk FROM calls WHERE seat = :s AND answered_at >= :since"
            ),
            {"s": seat, "since": since},
        )
    ).one()
    return row.calls, float(row.talk) if row.talk is not None else None


async def request_originate(
    tx: AsyncConnection,
    key: str,
    *,
    context: str,
    number: str,
    file: str,
    at: datetime,
) -> bool:
    """Ask for an outgoing call: `fax-out` sends the TIFF `file`, `voice-out` plays `file`.

    `number` is dialled through the trunk; `fax-sink` is the development fax machine. `file` is an
    absolute path (for voice without its extension). `key` names the attempt for good: asked twice
    it is placed once (returns False). The end is told to the `AttemptListener`; `attempt` shows
    it. Raises `BadInput`.
    """
    if not _KEY.match(key):
        raise BadInput("外呼标识不合规。", field="key")
    if context not in CONTEXTS:
        raise BadInput("没有这种外呼。", field="context")
    if not _NUMBER.match(number):
        raise BadInput("被叫号码不合规。", field="number")
    if not _FILE.match(file) or ".." in PurePosixPath(file).parts:
        raise BadInput("文件路径不合规。", field="file")
    await store.request_attempt(tx, key, context, at)
    channel = f"PJSIP/{number}" if number == "fax-sink" else f"PJSIP/{number}@trunk"
    payload = {"channel": channel, "context": context, "variables": {"REXIAN_FILE": file}}
    return await work.enqueue(tx, ORIGINATE_WORK, key, payload)


async def attempt(tx: AsyncConnection, key: str) -> Attempt | None:
    """Return an outgoing call by its key, with its proof once it ended."""
    return await store.attempt(tx, key)
