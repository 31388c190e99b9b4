import json
import os
from datetime import timedelta

import pytest
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import text

from exchange import inbox
from rexian.app import chores
from rexian.app.processes.scheduler import Tick, Waker, ticks
from rexian.kernel import audit, work
from rexian.kernel.actor import Actor
from rexian.kernel.clock import SystemClock
from rexian.kernel.db import Database
from rexian.kernel.events import NewEvent, Subject, append
from rexian.kernel.metrics import registry
from rexian.kernel.web.sessions import find_session, open_session
from tests.support.wait import until

EVERY = IntervalTrigger(seconds=0.05)


async def states(db):
    async with db.begin() as tx:
        found = await tx.execute(text("SELECT kind, state FROM work"))
        return {row.kind: row.state for row in found}


async def test_every_recurring_work_is_woken_at_start(db, settings):
    waker = Waker(db, SystemClock(), ticks(settings))
    waker.start()
    try:

        async def all_woken():
            return set(await states(db)) == {
                chores.DEADLINES,
                chores.PURGE,
                chores.ROOT,
                chores.SESSIONS,
                "hotspot.recompute",
            }

        await until(all_woken)
    finally:
        waker.close()


async def test_a_file_in_the_in_box_wakes_the_work(db, settings):
    folder = settings.path("exchange", "inbox")
    waker = Waker(db, SystemClock(), [ticks(settings)[0]])
    await waker.tick(waker.jobs[0])
    assert await states(db) == {}
    (folder / "a.json").write_text(json.dumps([]))
    os.utime(folder / "a.json", (1, 1))
    await waker.tick(waker.jobs[0])
    assert await states(db) == {inbox.KIND: "ready"}


async def test_many_ticks_are_one_row_and_done_work_wakes_again(db):
    clock = SystemClock()
    waker = Waker(db, clock, [Tick("test.again", "one", EVERY)])
    ran = []

    async def handler(leased):
        ran.append(leased.id)
        async with db.begin() as tx:
            await work.finish(tx, leased)

    worker = work.Worker(db, {"test.again": handler}, owner="test", clock=clock)
    waker.start()
    try:

        async def thrice():
            await worker.idle()
            return len(ran) >= 3

        await until(thrice)
    finally:
        waker.close()
    assert len(set(ran)) == 1


async def test_a_tick_without_a_database_is_tried_again(db):
    away = Database("postgresql://rexian_app@127.0.0.1:1/none")
    waker = Waker(away, SystemClock(), [Tick("test.away", "one", IntervalTrigger(hours=1))])
    waker.start()
    labels = {"job": "test.away", "outcome": "unavailable"}
    try:

        async def refused():
            return bool(registry.get_sample_value("rexian_scheduler_ticks_total", labels))

        await until(refused)
        again = waker.scheduler.get_job("again:test.away")
        assert again.next_run_time is not None
        waker.db = db
        await again.func()
        assert await states(db) == {"test.away": "ready"}
    finally:
        waker.close()
        await away.close()


@pytest.fixture
def run_chores(db, clock, tmp_path, settings):
    room = chores.Chores(db, clock, tmp_path / "audit.pem", settings.kept)
    worker = work.Worker(db, room.handlers(), owner="test", clock=clock)

    async def run(kind):
        async with db.begin() as tx:
            await work.wake(tx, kind, "test", at=clock.now())
        await worker.idle()
        assert (await states(db))[kind] == "done"

    return run


async def test_the_hourly_root_signs_what_grew(db, clock, run_chores, tmp_path):
    async with db.begin() as tx:
        await append(
            tx,
            Subject("hotspot", "010101@520102031"),
            [NewEvent("hotspot.ended", {})],
            actor=Actor.system("hotspot"),
            at=clock.now(),
        )
    await run_chores(chores.ROOT)
    async with db.begin() as tx:
        roots = (await tx.execute(text("SELECT count(*) FROM event_roots"))).scalar_one()
    assert roots == 1
    assert await audit.verify(db, audit.load_key(tmp_path / "audit.pem")) == []


async def test_ended_sessions_are_forgotten(db, clock, run_chores):
    async with db.begin() as tx:
        old, _ = await open_session(tx, "agent1001", clock.now())
    clock.advance(timedelta(hours=5))
    async with db.begin() as tx:
        new, _ = await open_session(tx, "agent1002", clock.now())
    await run_chores(chores.SESSIONS)
    async with db.begin() as tx:
        assert await find_session(tx, old, clock.now()) is None
        assert await find_session(tx, new, clock.now()) is not None
        left = (await tx.execute(text("SELECT count(*) FROM web_sessions"))).scalar_one()
    assert left == 1


async def test_open_and_overdue_cases_are_counted(run_chores):
    await run_chores(chores.DEADLINES)
    assert registry.get_sample_value("rexian_cases_overdue") == 0


async def test_only_what_is_settled_and_old_is_deleted(db, clock, run_chores):
    """More rows than one batch; parts not handed over and fresh ones stay."""
    async with db.begin() as tx:
        for days, contact, rows in ((40, "c", 1_200), (40, None, 3), (1, "c", 2)):
            await tx.execute(
                text(
                    "INSERT INTO inbound_parts (digest, source, destination, number, total, body,"
                    " received_at, contact_id) SELECT 'd', '+86', '1', 1, 1, '', :at, :contact"
                    " FROM generate_series(1, :rows)"
                ),
                {"at": clock.now() - timedelta(days=days), "contact": contact, "rows": rows},
            )
        for days in (200, 1):
            await tx.execute(
                text(
                    "INSERT INTO receipts (carrier_message_id, state, error, done_date, phone,"
                    " received_at) VALUES ('1', 'DELIVRD', '', '', '+8613985550123', :at)"
                ),
                {"at": clock.now() - timedelta(days=days)},
            )
            for table, column in (("case", "number"), ("approval", "keypad")):
                await tx.execute(
                    text(f"INSERT INTO {table}_lookup_failures ({column}, at) VALUES ('1', :at)"),
                    {"at": clock.now() - timedelta(days=days) + timedelta(hours=1)},
                )
    await run_chores(chores.PURGE)
    tables = ("inbound_parts", "receipts", "case_lookup_failures", "approval_lookup_failures")
    async with db.begin() as tx:
        left = [(await tx.execute(text(f"SELECT count(*) FROM {t}"))).scalar_one() for t in tables]
    assert left == [5, 1, 1, 1]
