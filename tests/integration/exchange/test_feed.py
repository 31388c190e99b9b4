import asyncio
import json

import pytest

from cases.model import AnswerDirectly
from cases.service import CaseService, NewCase
from contacts.service import update_citizen
from exchange import feed
from exchange.feed import read, reader
from rexian.kernel.actor import Actor, Role
from rexian.kernel.db import Database
from rexian.kernel.events import Cursor
from rexian.kernel.ids import new_id

AGENT = Actor("user", "agent1001", Role.AGENT, "坐席示例一", seat="1001")


@pytest.fixture
def service(db, clock):
    return CaseService(db, clock)


async def accept(service, text="水质发黄，电话13985550123，请尽快处理", **more):
    async with service.db.begin() as tx:
        new = NewCase(
            kind="complaint",
            category="010101",
            text=text,
            form_token=new_id(),
            **{"township": "520102031", **more},
        )
        return await service.accept(tx, new, AGENT)


async def settled(db, after=Cursor.START, limit=100):
    async with db.begin() as tx:
        return await read(tx, after, limit)


async def test_a_case_appears_de_identified_and_moves_when_it_changes(db, clock, service):
    case = await accept(service)
    follower = reader(db, clock)
    assert await follower.run_once()
    first = await settled(db)
    (item,) = first.items
    assert item["number"] == case.number
    assert item["state"] == "accepted"
    assert item["township"]["name"] == "花果园街道"
    assert item["district"]["name"] == "南明区"
    assert "水质发黄" in item["text"]
    assert "13985550123" not in json.dumps(item)
    assert (await settled(db, first.after)).items == []
    await service.handle(case.id, AnswerDirectly("已告知检修时间"), AGENT)
    while await follower.run_once():
        pass
    later = await settled(db, first.after)
    assert [one["state"] for one in later.items] == ["closed"]
    assert later.items[0]["reply"] == "已告知检修时间"


async def test_a_confidential_case_has_no_words(db, clock, service):
    await accept(service, "我叫王示例，举报示例厂夜里排污", confidential=True)
    await reader(db, clock).run_once()
    (item,) = (await settled(db)).items
    assert item["withheld"]
    assert item["text"] is None
    assert "王示例" not in json.dumps(item, ensure_ascii=False)


async def test_pages_follow_each_other_without_gaps_or_repeats(db, clock, service):
    made = [(await accept(service)).number for _ in range(5)]
    follower = reader(db, clock)
    while await follower.run_once():
        pass
    seen, cursor, more = [], Cursor.START, True
    while more:
        part = await settled(db, cursor, 2)
        seen += [item["number"] for item in part.items]
        cursor, more = part.after, part.more
    assert seen == made


async def test_a_row_that_commits_late_is_not_missed(db, clock, service):
    early, late = await accept(service), await accept(service)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        async with db.begin() as tx:
            await feed.handle(tx, await event_of(tx, early))
            begun.set()
            await go_on.wait()

    waiting = asyncio.create_task(slow())
    await begun.wait()
    async with db.begin() as tx:
        await feed.handle(tx, await event_of(tx, late))
    hidden = await settled(db)
    assert hidden.items == []
    go_on.set()
    await waiting
    shown = await settled(db, hidden.after)
    assert {item["number"] for item in shown.items} == {early.number, late.number}


async def event_of(tx, case):
    from rexian.kernel.events import Subject, history

    return (await history(tx, Subject("case", case.id)))[0]


async def test_seeing_an_event_twice_changes_nothing(db, clock, service):
    case = await accept(service)
    await reader(db, clock).run_once()
    before = await settled(db)
    async with db.begin() as tx:
        await feed.handle(tx, await event_of(tx, case))
    assert (await settled(db, before.after)).items == []


async def test_a_name_learnt_later_is_taken_out_of_what_was_given_before(db, clock, service):
    await accept(service, "阿木尔说自来水发黄，请处理", name="王示例")
    follower = reader(db, clock)
    while await follower.run_once():
        pass
    before = await settled(db)
    assert "阿木尔" in before.items[0]["text"]
    async with db.begin() as tx:
        found = await tx.exec_driver_sql("SELECT citizen_id FROM cases")
        citizen = found.scalar_one()
        await update_citizen(tx, citizen, name="阿木尔", address="", actor=AGENT, at=clock.now())
    while await follower.run_once():
        pass
    (item,) = (await settled(db, before.after)).items
    assert "阿木尔" not in item["text"]


async def test_an_erased_text_is_gone_with_the_next_event(
    db, clock, service, cluster, database_name
):
    case = await accept(service)
    follower = reader(db, clock)
    await follower.run_once()
    before = await settled(db)
    owner = Database(cluster.url("rexian_owner", database_name))
    async with owner.begin() as tx:
        await tx.exec_driver_sql("UPDATE case_texts SET body = '', erased_at = now()")
    await owner.close()
    async with db.begin() as tx:
        await feed.handle(tx, await event_of(tx, case))
    (item,) = (await settled(db, before.after)).items
    assert item["text"] == ""
