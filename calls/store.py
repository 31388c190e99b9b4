"""All SQL of the room's tables. Every write is idempotent: a fact told twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from calls.identity import call_id
from calls.model import Attempt, Call, TimelineEntry

_CALL = (
    "id, uniqueid, line, caller, state, queue, position, seat, outcome, started_at, queued_at,"
    " answered_at, ended_at"
)


def call_of(row: Row[Any]) -> Call:
    """Return the call of a row with the columns of `_CALL`."""
    return Call(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


async def _changed(tx: AsyncConnection, change: str, **values: Any) -> Call | None:
    found = await tx.execute(text(f"{change} RETURNING {_CALL}"), values)
    row = found.one_or_none()
    return call_of(row) if row else None


async def get(tx: AsyncConnection, uniqueid: str) -> Call | None:
    """Return the call of a caller's channel."""
    found = await tx.execute(
        text(f"SELECT {_CALL} FROM calls WHERE uniqueid = :u"),  # noqa: S608 - a constant
        {"u": uniqueid},
    )
    row = found.one_or_none()
    return call_of(row) if row else None


async def by_id(tx: AsyncConnection, call: str) -> Call | None:
    """Return a call by its id."""
    found = await tx.execute(
        text(f"SELECT {_CALL} FROM calls WHERE id = :i"),  # noqa: S608 - a constant
        {"i": call},
    )
    row = found.one_or_none()
    return call_of(row) if row else None


async def open_calls(tx: AsyncConnection) -> list[Call]:
    """Return the calls that have not ended, oldest first."""
    found = await tx.execute(
        text(f"SELECT {_CALL} FROM calls WHERE ended_at IS NULL ORDER BY started_at")  # noqa: S608
    )
    return [call_of(row) for row in found]


async def start(
    tx: AsyncConnection, uniqueid: str, *, channel: str, line: str, caller: str, at: datetime
) -> Call | None:
    """Note a new call; None when it is known already."""
    return await _changed(
        tx,
        "INSERT INTO calls (id, uniqueid, channel, line, caller, started_at)"
        " VALUES (:id, :u, :channel, :line, :caller, :at) ON CONFLICT DO NOTHING",
        id=call_id(uniqueid), u=uniqueid, channel=channel, line=line, caller=caller, at=at,
    )  # fmt: skip


async def decide(
    tx: AsyncConnection, uniqueid: str, *, decision: str, stage: str, reason: str
) -> Call | None:
    """Note how the menu ended."""
    return await _changed(
        tx,
        "UPDATE calls SET decision = :decision, stage = :stage, reason = :reason"
        " WHERE uniqueid = :u",
        u=uniqueid, decision=decision, stage=stage, reason=reason,
    )  # fmt: skip


async def queue(
    tx: AsyncConnection, uniqueid: str, *, queue: str, position: int, at: datetime
) -> Call | None:
    """Note that the caller waits; None when that is known. The first entry's time counts."""
    return await _changed(
        tx,
        "UPDATE calls SET state = 'queued', queue = :queue, position = :position,"
        " queued_at = coalesce(queued_at, :at)"
        " WHERE uniqueid = :u AND ended_at IS NULL AND state = 'menu'",
        u=uniqueid, queue=queue, position=position, at=at,
    )  # fmt: skip


async def answer(tx: AsyncConnection, uniqueid: str, *, seat: str, at: datetime) -> Call | None:
    """Note who answered; None when that is known. The first answer's time counts."""
    return await _changed(
        tx,
        "UPDATE calls SET state = 'talking', seat = :seat,"
        " answered_at = coalesce(answered_at, :at)"
        " WHERE uniqueid = :u AND ended_at IS NULL AND (state <> 'talking' OR seat <> :seat)",
        u=uniqueid, seat=seat, at=at,
    )  # fmt: skip


async def talked(tx: AsyncConnection, uniqueid: str, *, at: datetime) -> Call | None:
    """Note the end of the talk."""
    return await _changed(
        tx,
        "UPDATE calls SET talk_ended_at = :at WHERE uniqueid = :u AND talk_ended_at IS NULL",
        u=uniqueid, at=at,
    )  # fmt: skip


async def abandon(tx: AsyncConnection, uniqueid: str, *, at: datetime) -> Call | None:
    """Note that the caller gave up waiting."""
    return await _changed(
        tx,
        "UPDATE calls SET abandoned_at = :at WHERE uniqueid = :u AND abandoned_at IS NULL",
        u=uniqueid, at=at,
    )  # fmt: skip


async def end(tx: AsyncConnection, uniqueid: str, *, by: str, at: datetime) -> Call | None:
    """Close a call; None when it is closed already. `by` is hangup or resync."""
    return await _changed(
        tx,
        "UPDATE calls SET state = 'ended', ended_at = greatest(:at, started_at), closed_by = :by,"
        " outcome = CASE WHEN answered_at IS NOT NULL THEN 'answered'"
        "  WHEN abandoned_at IS NOT NULL THEN 'abandoned'"
        "  WHEN decision = 'dial' THEN 'emergency'"
        "  WHEN queued_at IS NOT NULL THEN 'unanswered' ELSE 'menu' END"
        " WHERE uniqueid = :u AND ended_at IS NULL",
        u=uniqueid, by=by, at=at,
    )  # fmt: skip


async def note(
    tx: AsyncConnection,
    call: str,
    what: str,
    at: datetime,
    *,
    seat: str = "",
    detail: Mapping[str, str] | None = None,
) -> None:
    """Add a moment to the timeline of a call (by its id)."""
    await tx.execute(
        text(
            "INSERT INTO call_timeline (call_id, at, what, seat, detail)"
            " VALUES (:call, :at, :what, :seat, CAST(:detail AS jsonb)) ON CONFLICT DO NOTHING"
        ),
        {
            "call": call,
            "at": at,
            "what": what,
            "seat": seat,
            "detail": json.dumps(dict(detail or {}), ensure_ascii=False),
        },
    )


async def timeline(tx: AsyncConnection, call: str) -> list[TimelineEntry]:
    """Return the moments of a call in order."""
    found = await tx.execute(
        text("SELECT at, what, seat, detail FROM call_timeline WHERE call_id = :c ORDER BY at, id"),
        {"c": call},
    )
    return [TimelineEntry(*row) for row in found]


async def set_seat(
    tx: AsyncConnection, seat: str, *, signed_in: bool, paused: bool, phone: str, at: datetime
) -> bool:
    """Note how a seat stands; False when nothing changed."""
    found = await tx.execute(
        text(
            "INSERT INTO seat_states AS s (seat, signed_in, paused, phone, changed_at)"
            " VALUES (:seat, :signed_in, :paused, :phone, :at)"
            " ON CONFLICT (seat) DO UPDATE SET signed_in = :signed_in, paused = :paused,"
            "  phone = :phone, changed_at = :at"
            " WHERE s.changed_at <= :at AND (s.signed_in, s.paused, s.phone) IS DISTINCT FROM"
            "  (:signed_in, :paused, CAST(:phone AS text))"
            " RETURNING seat"
        ),
        {"seat": seat, "signed_in": signed_in, "paused": paused, "phone": phone, "at": at},
    )
    return found.scalar_one_or_none() is not None


async def seat_takes(tx: AsyncConnection, seat: str, call: str, at: datetime) -> None:
    """Note which call a seat talks in; one answered before the call it has changes nothing."""
    await tx.execute(
        text(
            "INSERT INTO seat_states AS s (seat, signed_in, call_id, changed_at)"
            " VALUES (:seat, true, :call, :at)"
            " ON CONFLICT (seat) DO UPDATE SET call_id = :call, changed_at = :at"
            " WHERE NOT EXISTS (SELECT 1 FROM calls c WHERE c.id = s.call_id"
            "  AND c.ended_at IS NULL AND c.answered_at > :at)"
        ),
        {"seat": seat, "call": call, "at": at},
    )


async def seat_leaves(tx: AsyncConnection, call: str, at: datetime) -> list[str]:
    """Note that nobody talks in `call` any more; returns the seats that did."""
    found = await tx.execute(
        text(
            "UPDATE seat_states SET call_id = NULL, changed_at = :at WHERE call_id = :call"
            " RETURNING seat"
        ),
        {"call": call, "at": at},
    )
    return [str(seat) for seat in found.scalars()]


async def want(tx: AsyncConnection, seat: str, action: str, at: datetime) -> None:
    """Note what a seat asked for last."""
    await tx.execute(
        text(
            "INSERT INTO seat_states (seat, wanted, changed_at) VALUES (:seat, :action, :at)"
            " ON CONFLICT (seat) DO UPDATE SET wanted = :action"
        ),
        {"seat": seat, "action": action, "at": at},
    )


_ATTEMPT = "key, context, state, code, proof, requested_at, placed_at, finished_at"


async def attempt(tx: AsyncConnection, key: str) -> Attempt | None:
    """Return an outgoing call by its key."""
    found = await tx.execute(
        text(f"SELECT {_ATTEMPT} FROM call_attempts WHERE key = :k"),  # noqa: S608 - a constant
        {"k": key},
    )
    row = found.one_or_none()
    return Attempt(*row) if row else None


async def request_attempt(tx: AsyncConnection, key: str, context: str, at: datetime) -> None:
    """Note that an outgoing call was asked for."""
    await tx.execute(
        text(
            "INSERT INTO call_attempts (key, context, requested_at) VALUES (:k, :c, :at)"
            " ON CONFLICT DO NOTHING"
        ),
        {"k": key, "c": context, "at": at},
    )


async def place_attempt(tx: AsyncConnection, key: str, at: datetime) -> bool:
    """Note that the call is being placed now; False when it was before."""
    found = await tx.execute(
        text(
            "UPDATE call_attempts SET state = 'calling', placed_at = :at"
            " WHERE key = :k AND state = 'waiting' RETURNING key"
        ),
        {"k": key, "at": at},
    )
    return found.scalar_one_or_none() is not None


_FINISH = text(
    "UPDATE call_attempts SET state = :state, code = :code, finished_at = :at,"  # noqa: S608
    " proof = CAST(:proof AS jsonb) WHERE key = :k AND (state IN ('waiting', 'calling')"
    " OR (state = 'uncertain' AND :state <> 'uncertain'))"
    f" RETURNING {_ATTEMPT}"
)


async def finish_attempt(
    tx: AsyncConnection,
    key: str,
    *,
    state: str,
    code: str,
    proof: Mapping[str, str],
    at: datetime,
) -> Attempt | None:
    """Note the end of an outgoing call; None when it had ended. Proof settles `uncertain`."""
    found = await tx.execute(
        _FINISH,
        {"k": key, "state": state, "code": code, "proof": json.dumps(dict(proof)), "at": at},
    )
    row = found.one_or_none()
    return Attempt(*row) if row else None


async def calling(tx: AsyncConnection, before: datetime) -> list[str]:
    """Return the keys of outgoing calls placed before `before` of which no end is known."""
    found = await tx.execute(
        text("SELECT key FROM call_attempts WHERE state = 'calling' AND placed_at < :b"),
        {"b": before},
    )
    return [str(key) for key in found.scalars()]
