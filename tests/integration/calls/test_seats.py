"""Seats after an outage: what they asked for last counts, and a hang-up that waited does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from calls import service, store
from calls.identity import call_id
from calls.model import SeatAction, SeatState
from rexian.kernel import work
from rexian.kernel.db import Database
from tests.integration.calls.conftest import Heard, Side, following
from tests.integration.calls.test_follower import ask, stands
from tests.support.asterisk import RealAsterisk
from tests.support.wait import until


def in_queue(asterisk: RealAsterisk, seat: str) -> str:
    """What app_queue says of a seat in the queue 12345, or ""."""
    lines = asterisk.rx("queue show 12345").splitlines()
    return next((line for line in lines if f"seat-{seat}" in line), "")


async def waiting(side: Side) -> int:
    async with side.db.begin() as tx:
        rows = await tx.execute(
            text("SELECT count(*) FROM work WHERE kind = :k AND state IN ('ready', 'leased')"),
            {"k": service.SEAT_WORK},
        )
        return int(rows.scalar_one())


async def nothing_waits(side: Side) -> None:
    async def none() -> bool:
        return await waiting(side) == 0

    await until(none, 10, "all seat work is done")


async def test_a_seat_that_asterisk_remembers_otherwise_is_put_right(
    asterisk: RealAsterisk, db: Database
) -> None:
    """A killed Asterisk brings back members as they were a while ago."""
    heard = Heard(asterisk.settings.home)
    async with following(asterisk, db, heard) as side:
        for seat in ("1007", "1008"):
            await ask(side, seat, SeatAction.READY)
        await side.until(lambda: in_queue(asterisk, "1007") and in_queue(asterisk, "1008"))
        await nothing_waits(side)
    async with db.begin() as tx:
        await store.want(tx, "1007", SeatAction.SIGN_OUT, datetime.now(UTC))
        await store.want(tx, "1008", SeatAction.PAUSE, datetime.now(UTC))
    async with following(asterisk, db, heard) as side:
        await side.until(lambda: not in_queue(asterisk, "1007"))
        await side.until(lambda: "paused" in in_queue(asterisk, "1008"))
        await ask(side, "1008", SeatAction.SIGN_OUT)
        await side.until(lambda: not in_queue(asterisk, "1008"))


async def test_a_hang_up_that_waited_does_not_cut_the_next_call(side: Side) -> None:
    async with side.phone("seat-1009") as seat, side.phone("trunk") as citizen:
        await ask(side, "1009", SeatAction.READY)
        await stands(side, "1009", SeatState.READY)
        await citizen.call("12345")
        await stands(side, "1009", SeatState.TALKING)
        now = datetime.now(UTC)
        late = {"call": "", "asked_at": (now - timedelta(minutes=1)).isoformat()}
        other = {"call": "of-another-call", "asked_at": now.isoformat()}
        async with side.db.begin() as tx:
            for key, words in (("late", late), ("other", other)):
                asked = {"seat": "1009", "action": "hang_up", **words}
                await work.enqueue(tx, service.SEAT_WORK, key, asked)
        await nothing_waits(side)
        assert side.asterisk.in_application("Queue")
        assert not seat.hung_up
        assert not citizen.hung_up
        await ask(side, "1009", SeatAction.HANG_UP)
        await until(lambda: seat.hung_up and citizen.hung_up, 10, "the one meant is carried out")
        await ask(side, "1009", SeatAction.SIGN_OUT)
        await stands(side, "1009", SeatState.OUT)


async def test_an_old_answer_does_not_take_the_seat_from_who_talks_now(db: Database) -> None:
    """A resync tells of calls that came before the one in talk."""
    now = datetime.now(UTC)
    async with db.begin() as tx:
        for name, minutes in (("now", 1), ("before", 9)):
            at = now - timedelta(minutes=minutes)
            await store.start(tx, name, channel="", line="12345", caller="", at=at)
            await store.answer(tx, name, seat="1010", at=at)
            await store.seat_takes(tx, "1010", call_id(name), at)
        await store.end(tx, "before", by="resync", at=now - timedelta(minutes=8))
        await store.seat_leaves(tx, call_id("before"), now)
        live = await service.current_call(tx, "1010")
    assert live is not None
    assert live.uniqueid == "now"
