import hashlib
import json
import os
from datetime import timedelta

import pytest
from sqlalchemy import text

from approvals.queries import recent as approvals_of
from exchange.folders import Folders
from exchange.inbox import KEY, KIND, Inbox
from exchange.queries import file, recent
from rexian.kernel import events, work
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import LeaseLost

CENTRE = Actor("user", "centre", Role.CENTRE, "中心示例")
GOOD = {
    "system": "一窗通",
    "reference": "SP-1",
    "matter": "食品经营许可",
    "result": "准予许可",
    "decided_at": "2026-11-17T15:30:00+08:00",
    "department": "贵阳市市场监督管理局",
    "applicant": "王示例",
    "phone": "13985550123",
}


@pytest.fixture
def folders(tmp_path):
    made = Folders(tmp_path / "exchange")
    made.create()
    return made


@pytest.fixture
def inbox(db, folders, clock):
    return Inbox(db, folders, clock)


def drop(folders, name, *rows, raw=None):
    path = folders.inbox / name
    path.write_bytes(raw if raw is not None else json.dumps(list(rows)).encode())
    os.utime(path, (1, 1))


async def run(db, inbox, clock):
    async with db.begin() as tx:
        await work.wake(tx, KIND, KEY, at=clock.now())
    worker = work.Worker(db, {KIND: inbox.handle}, owner="test", clock=clock)
    await worker.idle()


async def listed(db):
    async with db.begin() as tx:
        return (await recent(tx, CENTRE))[0]


async def approvals_now(db):
    async with db.begin() as tx:
        return {one.reference for one in await approvals_of(tx, CENTRE)}


async def test_a_good_file_becomes_approvals_with_events(db, inbox, folders, clock):
    drop(folders, "a.json", GOOD, {**GOOD, "reference": "SP-2"})
    await run(db, inbox, clock)
    assert await approvals_now(db) == {"SP-1", "SP-2"}
    (one,) = await listed(db)
    assert (one.state, one.taken, one.refused) == ("taken", 2, 0)
    assert [path.name for path in folders.done.iterdir()] == ["a.json"]
    async with db.begin() as tx:
        found, _ = await events.read(tx, events.Cursor.START, types=["approval.received"])
        assert len(found) == 2
        told = await events.history(tx, events.Subject("exchange_file", one.id))
        assert [event.type for event in told] == ["exchange.file_taken"]


async def test_the_same_file_and_the_same_record_go_in_once(db, inbox, folders, clock):
    drop(folders, "a.json", GOOD)
    await run(db, inbox, clock)
    drop(folders, "b.json", GOOD)
    drop(folders, "c.json", GOOD, {**GOOD, "reference": "SP-2"})
    await run(db, inbox, clock)
    assert await approvals_now(db) == {"SP-1", "SP-2"}
    by_name = {one.name: one for one in await listed(db)}
    assert by_name["a.json"].copies == 1
    assert (by_name["c.json"].taken, by_name["c.json"].known) == (1, 1)
    assert list(folders.inbox.iterdir()) == []


async def test_a_partly_good_file_goes_in_and_the_rest_is_reported_by_line(
    db, inbox, folders, clock
):
    other = {**GOOD, "matter": "另一事项"}
    bad_phone = {**GOOD, "reference": "SP-3", "phone": "不是号码"}
    drop(folders, "a.json", GOOD, other, bad_phone, {**GOOD, "reference": "SP-4"}, {})
    await run(db, inbox, clock)
    assert await approvals_now(db) == {"SP-1", "SP-4"}
    (one,) = await listed(db)
    assert (one.state, one.taken, one.refused) == ("partly", 2, 3)
    async with db.begin() as tx:
        _, refusals = await file(tx, one.id, CENTRE)
    assert [(r.number, r.field) for r in refusals] == [(2, ""), (3, "phone"), (5, "system")]
    reason = (folders.rejected / "a.json.reason.txt").read_text(encoding="utf-8")
    assert "第 3 条" in reason
    assert "record 3" in reason
    assert "王示例" not in reason


@pytest.mark.parametrize(
    ("name", "raw"),
    [("broken.json", b'[{"system": '), ("a.exe", b"MZ"), ("gbk.csv", b"\xff\xff"), ("e.json", b"")],
)
async def test_a_broken_file_is_rejected_with_a_reason_and_shown(
    db, inbox, folders, clock, name, raw
):
    drop(folders, name, raw=raw)
    await run(db, inbox, clock)
    (one,) = await listed(db)
    assert one.state == "rejected"
    assert one.problem
    assert (folders.rejected / name).exists()
    assert "没有收下" in (folders.rejected / f"{name}.reason.txt").read_text(encoding="utf-8")
    assert list(folders.inbox.iterdir()) == []
    assert await approvals_now(db) == set()


async def test_a_broken_file_that_comes_again_is_not_taken_for_good(db, inbox, folders, clock):
    for name in ("a.json", "b.json"):
        drop(folders, name, raw=b'[{"system": ')
        await run(db, inbox, clock)
    (one,) = await listed(db)
    assert (one.state, one.copies) == ("rejected", 1)
    assert list(folders.done.iterdir()) == []
    assert (folders.rejected / "b.json").exists()
    assert "a.json" in (folders.rejected / "b.json.reason.txt").read_text(encoding="utf-8")


async def test_a_file_that_cannot_be_settled_holds_up_no_other_for_long(db, inbox, folders, clock):
    drop(folders, "a.json", GOOD)
    taken = folders.take(folders.inbox / "a.json")
    (folders.done / "a.json").mkdir()
    blocked = folders.done / f"{taken.name[24:36]}-a.json"
    (blocked / "in the way").mkdir(parents=True)
    drop(folders, "b.json", {**GOOD, "reference": "SP-2"})
    await run(db, inbox, clock)
    assert await approvals_now(db) == {"SP-1", "SP-2"}
    assert folders.under_way() == [taken]
    drop(folders, "c.json", {**GOOD, "reference": "SP-3"})
    clock.advance(timedelta(seconds=16))
    await run(db, inbox, clock)
    assert await approvals_now(db) == {"SP-1", "SP-2", "SP-3"}


async def test_a_file_left_by_a_killed_worker_is_taken_up_again(db, inbox, folders, clock):
    drop(folders, "a.json", GOOD, {**GOOD, "reference": "SP-2"})
    taken = folders.take(folders.inbox / "a.json")
    sha256 = hashlib.sha256(taken.read_bytes()).hexdigest()
    assert await inbox._register(taken, "a.json", sha256)
    await run(db, inbox, clock)
    assert await approvals_now(db) == {"SP-1", "SP-2"}
    assert folders.under_way() == []


async def test_a_file_settled_but_not_moved_is_only_moved(db, inbox, folders, clock):
    drop(folders, "a.json", GOOD)
    await run(db, inbox, clock)
    async with db.begin() as tx:
        name = (await tx.execute(text("SELECT taken_as FROM exchange_files"))).scalar_one()
    (folders.done / "a.json").rename(folders.processing / name)
    await run(db, inbox, clock)
    (one,) = await listed(db)
    assert (one.copies, one.taken) == (0, 1)
    assert (folders.done / "a.json").exists()


async def test_a_worker_that_lost_its_lease_writes_nothing_more(db, inbox, folders, clock):
    drop(folders, "a.json", GOOD)
    async with db.begin() as tx:
        await work.wake(tx, KIND, KEY, at=clock.now())
    (mine,) = await work.lease(db, [KIND], owner="slow", clock=clock, seconds=0)
    async with db.begin() as tx:
        await tx.execute(text("UPDATE work SET fence = fence + 1"))
    with pytest.raises(LeaseLost):
        await inbox.handle(mine)
    assert await approvals_now(db) == set()
    assert len(folders.under_way()) == 1
