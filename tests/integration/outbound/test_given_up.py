"""Notices whose sending was given up, urgent ones sent again, and a clean stop."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound import service
from outbound.model import Decision, State
from outbound.notices import Notices
from outbound.quiet import QuietHours
from outbound.sms_sender import SmsSender
from rexian.kernel.readers import Reader
from rexian.kernel.work import Leased

from .conftest import Room
from .test_sms import CENTRE, FACTS, closed, notice, settled

QUIET = QuietHours.parse("21:30", "08:00", 60)


async def broken(_leased: Leased) -> None:
    raise ZeroDivisionError


async def test_a_sender_that_always_fails_leaves_a_failed_notice_that_can_be_sent_again(
    room: Room,
) -> None:
    async def tell(tx: AsyncConnection, leased: Leased) -> None:
        await service.given_up(tx, leased, at=room.clock.now())

    alive = room.worker.handlers["outbound.sms"]
    room.worker.tries = 1
    room.worker.on_given_up["outbound.sms"] = tell
    room.worker.handlers["outbound.sms"] = broken
    case_id = await closed(room)
    await room.worker.idle()
    shown = await notice(room, case_id)
    assert (shown.state, shown.error_name) == (State.FAILED, "程序多次出错，已停止尝试")
    room.worker.handlers["outbound.sms"] = alive
    async with room.db.begin() as tx:
        await service.resolve(tx, shown.id, Decision.SEND_AGAIN, CENTRE, at=room.clock.now())
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)


async def test_what_may_have_left_is_uncertain_when_given_up(room: Room) -> None:
    case_id = await closed(room)
    shown = await notice(room, case_id)
    async with room.db.begin() as tx:
        await tx.execute(text("UPDATE messages SET state = 'sending'"))
        await tx.execute(text("UPDATE message_parts SET state = 'sending'"))
        leased = Leased(1, "outbound.sms", "x", {"message": shown.id}, 1, 1, reclaimed=True)
        await service.given_up(tx, leased, at=room.clock.now())
    assert (await notice(room, case_id)).state is State.UNCERTAIN


async def test_an_urgent_notice_sent_again_at_night_is_still_urgent(room: Room) -> None:
    handler = Notices(room.cases, room.clock, QUIET, "贵阳12345")
    room.reader = Reader(room.db, "notices", handler, clock=room.clock)
    room.worker.handlers["outbound.sms"] = SmsSender(
        room.db, room.clock, room.client, "10612345", QUIET
    )
    room.clock.set(datetime(2026, 11, 18, 15, 0, tzinfo=UTC))
    room.smsc.store.behaviour.refuse_next = 3
    case_id = await closed(room, replace(FACTS, urgent=True))
    await room.worker.idle()
    shown = await settled(room, case_id, State.FAILED)
    room.smsc.store.behaviour.refuse_next = 0
    async with room.db.begin() as tx:
        await service.resolve(tx, shown.id, Decision.SEND_AGAIN, CENTRE, at=room.clock.now())
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)


async def test_told_to_stop_what_has_not_left_is_ready_at_once(room: Room) -> None:
    """The window is full of a submit without an answer: what queues behind it goes back."""
    room.client._room = asyncio.Semaphore(1)
    room.smsc.store.behaviour.mute_next = 1
    room.smsc.store.behaviour.receipt_state = "none"
    short = replace(FACTS, reply="已处理")
    cases = [await closed(room, short), await closed(room, short)]

    async def states() -> set[State]:
        return {(await notice(room, one)).state for one in cases}

    working = asyncio.create_task(room.worker.run_once())
    await room.until(lambda: _seen(room))
    assert await states() == {State.SENDING}
    room.client.hold()
    room.worker._stop.set()
    assert not room.client.bound

    async def one_is_back() -> bool:
        return await states() == {State.SENDING, State.WAITING}

    await room.until(one_is_back, 0.8)
    async with room.db.begin() as tx:
        found = await tx.execute(text("SELECT state FROM work ORDER BY state"))
        assert list(found.scalars()) == ["leased", "ready"]

    async def the_other_is_doubted() -> bool:
        return await states() == {State.UNCERTAIN, State.WAITING}

    await room.until(the_other_is_doubted)
    assert len(room.smsc.store.parts) == 1
    await working


async def _seen(room: Room) -> bool:
    return bool(room.smsc.store.parts)
