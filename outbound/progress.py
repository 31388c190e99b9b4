"""How the state of a message moves: one place for the rows, their events and the live desk."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prometheus_client import Counter
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound.model import SETTLED, State, whole
from outbound.tables import messages, parts
from rexian.kernel import work
from rexian.kernel.actor import Actor
from rexian.kernel.events import NewEvent, Subject, append
from rexian.kernel.metrics import registry
from rexian.kernel.notify import notify
from rexian.kernel.work import Leased

ACTOR = Actor.system("notices")
MOVED = Counter(
    "rexian_notices", "notices that came into a state", ["channel", "state"], registry=registry
)


async def lock(tx: AsyncConnection, message_id: str) -> Row[Any] | None:
    """The message's row, locked until the transaction ends."""
    query = select(messages).where(messages.c.id == message_id).with_for_update()
    return (await tx.execute(query)).one_or_none()


async def move(
    tx: AsyncConnection,
    message: Row[Any],
    to: State,
    *,
    at: datetime,
    error: str = "",
    proof: Mapping[str, Any] | None = None,
    actor: Actor = ACTOR,
    event: str | None = None,
) -> None:
    """Write the new state, append `notice.<state>` and wake the desk; nothing when unchanged.

    `sending` and `waiting` are no facts for the log: the log tells what became of a notice.
    """
    values: dict[str, Any] = {"state": to.value, "error": error}
    if to in {State.SENT, State.DELIVERED} and message.sent_at is None:
        values["sent_at"] = at
    if to in SETTLED:
        values["settled_at"] = at
    if proof is not None:
        values["proof"] = {**message.proof, **proof}
    await tx.execute(update(messages).where(messages.c.id == message.id).values(values))
    if message.state == to.value and event is None:
        return
    MOVED.labels(message.channel, to.value).inc()
    if to not in {State.SENDING, State.WAITING} or event is not None:
        await append(
            tx,
            Subject("notice", message.id),
            [
                NewEvent(
                    event or f"notice.{to.value}",
                    {
                        "notice": message.notice,
                        "channel": message.channel,
                        "about": message.subject_kind,
                        "id": message.subject_id,
                        "error": error_code(error),
                    },
                )
            ],
            actor=actor,
            at=at,
        )
    await notify(tx, "desk", json.dumps({"what": "notice"}))


async def hold(tx: AsyncConnection, message: Row[Any], leased: Leased, until: datetime) -> None:
    """Leave a waiting message until then, and let the pages say so."""
    if until != message.send_after:
        await tx.execute(
            update(messages).where(messages.c.id == message.id).values(send_after=until)
        )
    await work.postpone(tx, leased, at=until)


async def next_round(tx: AsyncConnection, message: Row[Any]) -> None:
    """The message will be tried again under a work row of its own."""
    await tx.execute(
        update(messages).where(messages.c.id == message.id).values(round=message.round + 1)
    )


async def fold(tx: AsyncConnection, message_id: str, *, at: datetime) -> State | None:
    """Bring the message to the state its parts say; returns it, None for an unknown message."""
    message = await lock(tx, message_id)
    if message is None:
        return None
    rows = await tx.execute(
        select(parts.c.state, parts.c.error, parts.c.receipt_error).where(
            parts.c.message_id == message_id
        )
    )
    found = rows.all()
    to = whole(State(row.state) for row in found)
    error = next((row.error for row in found if row.error), "")
    await move(tx, message, to, at=at, error="" if to is State.DELIVERED else error)
    return to


def error_code(error: str) -> str:
    """The error as a word for the event log: `ESME_RSUBMITFAIL` is `esme_rsubmitfail`."""
    return re.sub(r"[^a-z_]+", "_", error.lower()).strip("_")[:40]
