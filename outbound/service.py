"""What people decide about messages that may or may not have gone out, and work given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound import progress
from outbound.model import STATE_NAMES, Channel, Decision, State
from outbound.store import work_key, work_kind
from outbound.tables import messages, parts
from rexian.kernel import work, work_left
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotAllowed, NotFound
from rexian.kernel.events import NewEvent, Subject, append
from rexian.kernel.work import Leased

_OPEN = (State.UNCERTAIN.value, State.FAILED.value)
#: What each decision makes of a message in which state.
_MAY: dict[Decision, dict[State, State]] = {
    Decision.TAKE_AS_SENT: {State.UNCERTAIN: State.SENT},
    Decision.LEAVE: {State.FAILED: State.FAILED},
    Decision.SEND_AGAIN: {State.UNCERTAIN: State.WAITING, State.FAILED: State.WAITING},
}
#: What giving up makes of what was under way, and why.
_UNFINISHED = {
    State.WAITING: (State.FAILED, "given_up"),
    State.SENDING: (State.UNCERTAIN, "worker_lost"),
}


async def resolve(
    tx: AsyncConnection, message_id: str, decision: Decision, actor: Actor, *, at: datetime
) -> None:
    """A person decides: take an uncertain message as sent, leave a failed one, or send again.

    Raises `Forbidden` without RESOLVE_NOTICES, `NotFound`, and `NotAllowed` when the message
    stands otherwise (a receipt may have settled it meanwhile) or the number takes nothing.
    """
    require(actor, Permission.RESOLVE_NOTICES)
    message = await progress.lock(tx, message_id)
    if message is None:
        raise NotFound("没有找到这条通知。")
    if State(message.state) not in _MAY[decision]:
        raise NotAllowed(
            f"这条通知现在是“{STATE_NAMES[State(message.state)]}”，不需要再处理。请刷新页面。",
            rule="notice_state",
        )
    again = decision is Decision.SEND_AGAIN
    to = _MAY[decision][State(message.state)]
    if to is not State.FAILED:
        await tx.execute(
            update(parts)
            .where(parts.c.message_id == message_id, parts.c.state.in_(_OPEN))
            .values(state=to.value, error="")
        )
    await tx.execute(
        update(messages)
        .where(messages.c.id == message_id)
        .values(decided_by=None if again else str(actor))
    )
    error = message.error if to is State.FAILED else ""
    event = f"notice.{decision.value}"
    await progress.move(tx, message, to, at=at, error=error, actor=actor, event=event)
    if again:
        await progress.next_round(tx, message)
        channel = Channel(message.channel)
        key = work_key(message_id, message.round + 1)
        await work.enqueue(tx, work_kind(channel), key, {"message": message_id}, run_at=at)


async def try_again(tx: AsyncConnection, work_id: int, actor: Actor, *, at: datetime) -> None:
    """A person has work tried again that was given up.

    Raises `Forbidden` without RESOLVE_NOTICES, `NotFound` when it has succeeded meanwhile.
    """
    require(actor, Permission.RESOLVE_NOTICES)
    kind = await work_left.try_again(tx, work_id, at=at)
    event = NewEvent("work.tried_again", {"kind": kind})
    await append(tx, Subject("work", str(work_id)), [event], actor=actor, at=at)


async def given_up(tx: AsyncConnection, leased: Leased, *, at: datetime) -> None:
    """The worker gave up sending a message: a person decides on it.

    What was not begun failed; what was left in `sending` may have gone out.
    """
    message = await progress.lock(tx, leased.payload["message"])
    if message is None or State(message.state) not in _UNFINISHED:
        return
    for state, (to, error) in _UNFINISHED.items():
        await tx.execute(
            update(parts)
            .where(parts.c.message_id == message.id, parts.c.state == state.value)
            .values(state=to.value, error=error)
        )
    if message.channel == Channel.SMS.value:
        await progress.fold(tx, message.id, at=at)
        return
    to, error = _UNFINISHED[State(message.state)]
    await progress.move(tx, message, to, at=at, error=error)
