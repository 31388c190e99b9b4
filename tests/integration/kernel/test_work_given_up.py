"""Work that always fails comes to a person; work not begun is given back; done work is deleted."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel import work, work_left
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import NotFound
from rexian.kernel.metrics import registry
from rexian.kernel.work import Leased, Worker


async def add(db: Database, clock: FixedClock, key: str = "a") -> None:
    async with db.begin() as tx:
        await work.enqueue(tx, "k", key, {}, run_at=clock.now())


async def state(db: Database, key: str = "a") -> str:
    async with db.begin() as tx:
        found = await tx.execute(text("SELECT state FROM work WHERE key = :k"), {"k": key})
        return str(found.scalar_one_or_none())


async def listed(db: Database) -> list[work_left.GivenUp]:
    async with db.begin() as tx:
        return await work_left.given_up(tx)


class Broken:
    """A handler that raises until it is mended."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.tries = 0
        self.mended = False

    async def __call__(self, leased: Leased) -> None:
        self.tries += 1
        if not self.mended:
            raise ZeroDivisionError
        async with self.db.begin() as tx:
            await work.finish(tx, leased)


async def worn_out(worker: Worker, clock: FixedClock) -> None:
    for _ in range(20):
        await worker.idle()
        clock.advance(timedelta(seconds=work.RETRY_LONGEST_S + 1))


def counted() -> float:
    return registry.get_sample_value("rexian_work_given_up_total", {"kind": "k"}) or 0.0


async def test_after_so_many_tries_a_person_is_asked_and_may_try_again(
    bare_db: Database, clock: FixedClock
) -> None:
    handler, before = Broken(bare_db), counted()
    worker = Worker(bare_db, {"k": handler}, owner="w", clock=clock, tries=3)
    await add(bare_db, clock)
    await worn_out(worker, clock)
    assert (handler.tries, await state(bare_db)) == (3, "failed")
    assert counted() == before + 1
    (left,) = await listed(bare_db)
    assert (left.kind, left.error, left.attempts) == ("k", "ZeroDivisionError", 3)
    async with bare_db.begin() as tx:
        assert await work_left.try_again(tx, left.id, at=clock.now()) == "k"
    handler.mended = True
    await worker.idle()
    assert await state(bare_db) == "done"
    assert await listed(bare_db) == []
    with pytest.raises(NotFound):
        async with bare_db.begin() as tx:
            await work_left.try_again(tx, left.id, at=clock.now())


async def test_what_a_handler_puts_off_is_never_given_up(
    bare_db: Database, clock: FixedClock
) -> None:
    async def later(leased: Leased) -> None:
        async with bare_db.begin() as tx:
            await work.retry(tx, leased, at=clock.now() + timedelta(minutes=1), error="busy")

    worker = Worker(bare_db, {"k": later}, owner="w", clock=clock, tries=3)
    await add(bare_db, clock)
    await worn_out(worker, clock)
    assert await state(bare_db) == "ready"


async def test_recurring_work_given_up_is_tried_once_a_pause_and_stays_listed(
    bare_db: Database, clock: FixedClock
) -> None:
    handler = Broken(bare_db)
    worker = Worker(bare_db, {"k": handler}, owner="w", clock=clock, tries=2)
    await add(bare_db, clock)
    for _ in range(2):
        await worker.idle()
        clock.advance(timedelta(seconds=10))
    assert await state(bare_db) == "failed"

    async def tick() -> None:
        async with bare_db.begin() as tx:
            await work.wake(tx, "k", "a", at=clock.now())
        await worker.idle()

    await tick()
    assert handler.tries == 2, "a tick each second is not a try each second"
    clock.advance(timedelta(seconds=work.RETRY_LONGEST_S))
    await tick()
    assert handler.tries == 3
    assert len(await listed(bare_db)) == 1
    handler.mended = True
    clock.advance(timedelta(seconds=work.RETRY_LONGEST_S))
    await tick()
    assert await listed(bare_db) == []


async def test_work_that_kills_its_worker_is_given_up_too(
    bare_db: Database, clock: FixedClock
) -> None:
    await add(bare_db, clock)
    for _ in range(3):
        await work.lease(bare_db, ["k"], owner="dead", clock=clock, seconds=40)
        clock.advance(timedelta(seconds=41))
    handler = Broken(bare_db)
    await Worker(bare_db, {"k": handler}, owner="w", clock=clock, tries=3).idle()
    assert (handler.tries, await state(bare_db)) == (0, "failed")
    (left,) = await listed(bare_db)
    assert left.error == "WorkerLost"


@pytest.mark.parametrize("able", [True, False])
async def test_a_room_that_can_show_it_itself_does(
    bare_db: Database, clock: FixedClock, able: bool
) -> None:
    told: list[str] = []

    async def tell(tx: AsyncConnection, leased: Leased) -> None:
        told.append(leased.key)
        if not able:
            await tx.execute(text("SELECT no_such_function()"))

    worker = Worker(
        bare_db, {"k": Broken(bare_db)}, owner="w", clock=clock, tries=1, on_given_up={"k": tell}
    )
    await add(bare_db, clock)
    await worker.idle()
    assert told == ["a"]
    assert await state(bare_db) == "failed"
    assert len(await listed(bare_db)) == (0 if able else 1)


async def test_told_to_stop_it_takes_nothing_and_gives_back_what_is_not_begun(
    bare_db: Database, clock: FixedClock
) -> None:
    stop, begun, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(leased: Leased) -> None:
        begun.set()
        await go_on.wait()
        async with bare_db.begin() as tx:
            await work.finish(tx, leased)

    worker = Worker(bare_db, {"k": handler}, owner="w", clock=clock, limit=1)
    for key in ("a", "b"):
        await add(bare_db, clock, key)
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(10):
        await begun.wait()
        stop.set()
        go_on.set()
        await running
    assert sorted([await state(bare_db, "a"), await state(bare_db, "b")]) == ["done", "ready"]
    (other,) = await work.lease(bare_db, ["k"], owner="w2", clock=clock)
    async with bare_db.begin() as tx:
        await work.give_back(tx, other)
    (again,) = await work.lease(bare_db, ["k"], owner="w3", clock=clock)
    assert (again.key, again.attempts, again.reclaimed) == (other.key, 1, False)


async def test_only_done_and_old_work_is_deleted(bare_db: Database, clock: FixedClock) -> None:
    for key in ("done", "young", "failed", "uncertain", "ready"):
        await add(bare_db, clock, key)
    async with bare_db.begin() as tx:
        await tx.execute(
            text(
                "UPDATE work SET state = CASE key WHEN 'young' THEN 'done' ELSE key END,"
                " finished_at = CAST(:at AS timestamptz)"
                " - CASE key WHEN 'young' THEN interval '1 day' ELSE interval '40 days' END"
            ),
            {"at": clock.now()},
        )
    async with bare_db.begin() as tx:
        before = clock.now() - timedelta(days=30)
        assert await work_left.forget_done(tx, before, 10) == 1
        kept = (await tx.execute(text("SELECT key FROM work"))).scalars()
        assert set(kept) == {"young", "failed", "uncertain", "ready"}
