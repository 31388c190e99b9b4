"""Leased work on a real PostgreSQL: leases, fencing, SKIP LOCKED, retries."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from rexian.kernel.clock import SystemClock
from rexian.kernel.db import Database
from rexian.kernel.errors import LeaseLost
from rexian.kernel.work import (
    Leased,
    Worker,
    enqueue,
    fail,
    finish,
    lease,
    mark_uncertain,
    postpone,
    retry,
    wake,
)


async def add(db: Database, key: str, clock, **payload) -> bool:
    async with db.begin() as tx:
        return await enqueue(tx, "k", key, payload, run_at=clock.now())


async def take(db: Database, clock, owner: str = "w1", limit: int = 10) -> list[Leased]:
    return await lease(db, ["k"], owner=owner, clock=clock, limit=limit, seconds=60)


async def states(db: Database) -> dict[str, str]:
    async with db.begin() as tx:
        return {row.key: row.state for row in await tx.execute(text("SELECT key, state FROM work"))}


async def test_one_key_stands_once(bare_db, clock):
    assert await add(bare_db, "a", clock)
    assert not await add(bare_db, "a", clock)


async def test_behind_a_closed_gate_nothing_is_taken(bare_db, clock):
    is_open, done = False, []

    async def handler(leased: Leased) -> None:
        async with bare_db.begin() as tx:
            await finish(tx, leased)
        done.append(leased.kind)

    worker = Worker(
        bare_db,
        {"k": handler, "other": handler},
        owner="w1",
        clock=clock,
        gates={"k": lambda: is_open},
    )
    await add(bare_db, "a", clock)
    async with bare_db.begin() as tx:
        await enqueue(tx, "other", "b", {}, run_at=clock.now())
    await worker.idle()
    assert done == ["other"]
    assert await states(bare_db) == {"a": "ready", "b": "done"}
    del worker.handlers["other"]
    assert await worker.run_once() == 0
    is_open = True
    await worker.idle()
    assert done == ["other", "k"]


async def test_two_workers_never_hold_the_same_row(bare_db, clock):
    for n in range(40):
        await add(bare_db, str(n), clock)
    batches = await asyncio.gather(*(take(bare_db, clock, f"w{n}") for n in range(6)))
    keys = [one.key for batch in batches for one in batch]
    assert len(keys) == len(set(keys)) == 40


async def test_a_dead_workers_row_comes_back_and_its_fence_is_stale(bare_db, clock):
    await add(bare_db, "a", clock)
    (dead,) = await take(bare_db, clock)
    assert await take(bare_db, clock, "w2") == []
    clock.advance(timedelta(seconds=61))
    (alive,) = await take(bare_db, clock, "w2")
    assert (alive.reclaimed, alive.attempts, alive.fence) == (True, 2, 2)
    for settle in (finish, lambda tx, work: mark_uncertain(tx, work, "?")):
        with pytest.raises(LeaseLost):
            async with bare_db.begin() as tx:
                await settle(tx, dead)
    async with bare_db.begin() as tx:
        await finish(tx, alive)
    assert await states(bare_db) == {"a": "done"}


async def test_retry_postpone_fail_and_wake(bare_db, clock):
    for key in "abc":
        await add(bare_db, key, clock)
    first = {one.key: one for one in await take(bare_db, clock)}
    later = clock.now() + timedelta(seconds=30)
    async with bare_db.begin() as tx:
        await retry(tx, first["a"], at=later, error="busy")
        await postpone(tx, first["b"], at=later)
        await fail(tx, first["c"], "no such number")
    assert await take(bare_db, clock) == []
    clock.advance(timedelta(seconds=31))
    assert {one.key: one.attempts for one in await take(bare_db, clock)} == {"a": 2, "b": 1}
    async with bare_db.begin() as tx:
        await wake(tx, "k", "c", at=clock.now())
    assert [one.key for one in await take(bare_db, clock)] == ["c"]


async def test_a_worker_does_what_is_due_and_a_raising_handler_is_tried_again(bare_db, clock):
    done: list[str] = []
    trouble = True

    async def handler(leased: Leased) -> None:
        if leased.key == "bad" and trouble:
            raise ConnectionRefusedError
        async with bare_db.begin() as tx:
            await finish(tx, leased)
        done.append(leased.key)

    worker = Worker(bare_db, {"k": handler}, owner="w", clock=clock, limit=3)
    for key in ("1", "bad", "2", "3", "4"):
        await add(bare_db, key, clock)
    await worker.idle()
    assert sorted(done) == ["1", "2", "3", "4"]
    assert (await states(bare_db))["bad"] == "ready"
    trouble = False
    clock.advance(timedelta(seconds=3))
    await worker.idle()
    assert done[-1] == "bad"


async def test_a_running_worker_is_woken_by_a_commit(bare_db):
    clock, stop, seen = SystemClock(), asyncio.Event(), asyncio.Event()

    async def handler(leased: Leased) -> None:
        async with bare_db.begin() as tx:
            await finish(tx, leased)
        seen.set()

    worker = Worker(bare_db, {"k": handler}, owner="w", clock=clock)
    running = asyncio.create_task(worker.run(stop))
    await add(bare_db, "a", clock)
    async with asyncio.timeout(10):
        await seen.wait()
        stop.set()
        await running
    assert await states(bare_db) == {"a": "done"}
