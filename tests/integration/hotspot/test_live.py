import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from cases.model import AnswerDirectly
from cases.service import CaseService, NewCase
from hotspot import queries
from hotspot.model import Heat
from hotspot.replay import replay
from hotspot.service import KEY, KIND, Recompute, live, reader, thresholds
from rexian.kernel import events, work
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden
from rexian.kernel.ids import new_id

AGENT = Actor("user", "agent1001", Role.AGENT, "坐席示例一", seat="1001")
WATER = Actor("user", "water", Role.DEPARTMENT, "水务经办示例", department="D-WATER")


@pytest.fixture
def service(db, clock):
    return CaseService(db, clock)


@pytest.fixture
def refresh(db, clock):
    follower = reader(db, clock)
    handlers = {KIND: Recompute(db, clock).handle}
    worker = work.Worker(db, handlers, owner="test", clock=clock)

    async def run():
        while await follower.run_once():
            pass
        await worker.idle()

    return run


async def accept(service, words="自来水发黄有异味", **more):
    async with service.db.begin() as tx:
        new = NewCase(
            kind="complaint",
            text=words,
            form_token=new_id(),
            **{"category": "010101", "township": "520102031", **more},
        )
        return await service.accept(tx, new, AGENT)


async def listed(db, **more):
    async with db.begin() as tx:
        return (await queries.lines(tx, AGENT, **more))[0]


async def test_a_case_is_listed_at_its_topic_and_place_with_a_link(db, service, refresh):
    case = await accept(service)
    await refresh()
    (line,) = await listed(db)
    assert line.topic_name == "水质"
    assert line.place_name == "南明区 花果园街道"
    assert line.spot.state is Heat.WATCH
    assert (line.spot.observed, line.spot.today, line.spot.open) == (1, 1, 1)
    assert line.numbers == ((case.id, case.number),)
    await service.handle(case.id, AnswerDirectly("已告知"), AGENT)
    await refresh()
    assert (await listed(db))[0].spot.open == 0


async def test_many_citizens_at_one_place_become_a_hotspot_told_once(db, service, refresh):
    for n in range(12):
        await accept(service, f"花果园自来水发黄，第{n}天")
    await refresh()
    await refresh()
    (line,) = await listed(db, states=(Heat.HOT,))
    assert line.spot.observed == 12
    (matter,) = line.spot.matters
    assert "自来水" in matter.label
    async with db.begin() as tx:
        found, _ = await events.read(tx, events.Cursor.START, types=["hotspot.raised"])
        assert [event.payload["observed"] for event in found] == [12]
        assert found[0].subject.id == "010101@520102031"
        assert [one.topic_name for one in await queries.hints(tx, AGENT)] == ["水质"]
        assert len(await queries.facts_of(tx, line, AGENT)) == 12


async def test_a_hotspot_ends_when_the_week_is_over(db, clock, service, refresh):
    for _ in range(12):
        await accept(service)
    await refresh()
    clock.advance(timedelta(days=8))
    async with db.begin() as tx:
        await work.wake(tx, KIND, KEY, at=clock.now())
    await refresh()
    assert await listed(db) == []
    async with db.begin() as tx:
        found, _ = await events.read(tx, events.Cursor.START, types=["hotspot.ended"])
        assert len(found) == 1


async def test_the_replay_of_the_events_equals_the_live_report(db, clock, service, refresh):
    for n in range(7):
        place = "520102031" if n % 2 else "520102030"
        await accept(service, f"自来水发黄{n}", township=place)
    done = await accept(service, "申请公租房要什么材料", category="010102", township="")
    await service.handle(done.id, AnswerDirectly("已告知"), AGENT)
    await refresh()
    async with db.begin() as tx:
        shown = await live(tx)
    assert len(shown) == 3
    assert await replay(db, clock) == shown


async def test_no_word_of_a_confidential_case_is_used(db, service, refresh):
    for _ in range(2):
        await accept(service, "示例厂夜里偷偷排污水", confidential=True)
    await refresh()
    (line,) = await listed(db)
    assert line.spot.observed == 2
    assert line.spot.matters == ()


async def test_a_case_that_comes_while_the_report_is_computed_is_not_forgotten(
    db, clock, service, refresh, monkeypatch
):
    await accept(service)
    follower = reader(db, clock)
    await follower.run_once()
    (leased,) = await work.lease(db, [KIND], owner="slow", clock=clock)
    computing, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Recompute):
        async def _texts(self, facts, limits):
            computing.set()
            await go_on.wait()
            return await super()._texts(facts, limits)

    task = asyncio.create_task(Slow(db, clock).handle(leased))
    await computing.wait()
    await accept(service)
    await follower.run_once()
    go_on.set()
    await task
    await refresh()
    assert [line.spot.observed for line in await listed(db)] == [2]


async def test_a_long_computation_keeps_its_row(db, clock, service, monkeypatch):
    await accept(service)
    await reader(db, clock).run_once()
    (leased,) = await work.lease(db, [KIND], owner="slow", clock=clock, seconds=40)
    monkeypatch.setattr("hotspot.service.KEEP_EVERY_S", 0.01)
    go_on = asyncio.Event()

    class Slow(Recompute):
        async def _texts(self, facts, limits):
            await go_on.wait()
            return await super()._texts(facts, limits)

    clock.advance(timedelta(seconds=39))
    task = asyncio.create_task(Slow(db, clock).handle(leased))
    async with asyncio.timeout(5):
        kept = False
        while not kept:
            async with db.begin() as tx:
                until = await tx.scalar(
                    text("SELECT lease_until FROM work WHERE kind = :k"), {"k": KIND}
                )
            kept = until > clock.now() + timedelta(seconds=30)
    clock.advance(timedelta(seconds=39))
    assert await work.lease(db, [KIND], owner="other", clock=clock) == []
    go_on.set()
    await task
    assert len(await listed(db)) == 1


async def test_thresholds_are_data(db, service, refresh):
    async with db.begin() as tx:
        await tx.execute(text("INSERT INTO hotspot_thresholds VALUES ('fewest', 20), ('odd', 1)"))
        assert (await thresholds(tx)).fewest == 20
    for _ in range(12):
        await accept(service)
    await refresh()
    assert (await listed(db))[0].spot.state is Heat.WATCH


async def test_departments_do_not_read_hotspots(db):
    async with db.begin() as tx:
        with pytest.raises(Forbidden):
            await queries.lines(tx, WATER)
