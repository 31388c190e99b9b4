"""A case from the call to its end, as each person sees it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from cases.deadlines import Tier
from cases.facts import facts
from cases.model import AnswerDirectly, Close, Dispatch, Reply, Review, Sign, State, Verdict
from cases.queries import inbox, of_citizen, review_list
from cases.service import CaseService
from contacts.queries import contact
from contacts.service import call_answered, call_started
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import BadInput, Forbidden, NotAllowed
from rexian.kernel.events import Subject, history
from tests.integration.cases.conftest import People, new_case


async def test_a_call_becomes_a_case_that_is_handled_and_closed(
    db: Database, clock: FixedClock, service: CaseService, people: People, call: str
) -> None:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(call), people.agent)
    assert case.number == "12345-20261118-00001"
    assert case.tier is Tier.UTILITIES

    clock.advance(timedelta(minutes=2))
    case = await service.handle(case.id, Dispatch("D-WATER", ("D-NANMING",)), people.agent)
    assert case.due_at == clock.now() + timedelta(hours=24)
    clock.advance(timedelta(minutes=30))
    async with db.begin() as tx:
        waiting = await inbox(tx, people.water)
    assert [row.number for row in waiting] == [case.number]
    assert waiting[0].state_name == "待签收"
    await service.handle(case.number, Sign("D-WATER"), people.water)
    clock.advance(timedelta(hours=3))
    reply = Reply("D-WATER", "已冲洗管道，水质检测合格。", "二次供水水箱未按期清洗，已约谈物业。")
    await service.handle(case.id, reply, people.water)
    async with db.begin() as tx:
        assert [row.number for row in await review_list(tx, people.centre)] == [case.number]
    await service.handle(case.id, Review(Verdict.APPROVE), people.centre)
    case = await service.handle(case.id, Close(), people.centre)
    assert case.state is State.CLOSED

    page = await service.page(case.number, people.agent)
    assert [line.label for line in page.history] == [
        "受理",
        "派单",
        "签收",
        "答复",
        "审核通过",
        "办结",
    ]
    assert page.history[1].by == "坐席示例一"
    assert page.history[2].by == "水务经办示例"
    assert page.citizen.name == "王示例"
    assert page.citizen.phone == "139 8555 0123"
    assert page.body("public_reply") == "已冲洗管道，水质检测合格。"
    assert page.place == "南明区 花果园街道"
    assert page.standing_name == "按时"
    assert page.support_names == ("南明区人民政府",)
    async with db.begin() as tx:
        known = await facts(tx, case.id, people.system)
    assert known is not None
    assert known.answer == "已冲洗管道，水质检测合格。"
    assert known.on_time is True
    assert known.district is not None
    assert known.district.name == "南明区"
    assert [part.name for part in known.category] == ["城乡建设", "供水", "水质"]


async def test_events_hold_hashes_and_ids_but_no_text_and_no_person(
    db: Database, service: CaseService, people: People, call: str
) -> None:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(call), people.agent)
        log = await history(tx, Subject("case", case.id))
    assert [event.type for event in log] == ["case.accepted"]
    payload = log[0].payload
    assert payload["category"] == "010101"
    assert payload["township"] == "520102031"
    assert payload["contact"] == call
    assert set(payload["texts"]) == {"request", "address"}
    for secret in ("花果园小区", "王示例", "13985550123", "85550123"):
        assert secret not in str(payload)


async def test_the_same_form_sent_twice_is_one_case(
    db: Database, service: CaseService, people: People, call: str
) -> None:
    form = new_case(call)

    async def send() -> str:
        async with db.begin() as tx:
            return (await service.accept(tx, form, people.agent)).id

    made = await asyncio.gather(*(send() for _ in range(4)))
    assert len(set(made)) == 1
    async with db.begin() as tx:
        count = await tx.execute(text("SELECT count(*), max(number) FROM cases"))
    assert tuple(count.one()) == (1, "12345-20261118-00001")


async def test_numbers_have_no_gap_when_many_accept_at_once_and_one_fails(
    db: Database, service: CaseService, people: People
) -> None:
    class Interrupted(Exception):
        pass

    async def one(*, fail: bool) -> None:
        async with db.begin() as tx:
            await service.accept(tx, new_case(), people.agent)
            if fail:
                raise Interrupted

    outcomes = await asyncio.gather(
        *(one(fail=number % 4 == 0) for number in range(12)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Interrupted) for outcome in outcomes) == 3
    async with db.begin() as tx:
        found = await tx.execute(text("SELECT right(number, 5) FROM cases ORDER BY number"))
        assert list(found.scalars()) == [f"{n:05d}" for n in range(1, 10)]


async def test_a_text_of_100_000_characters_is_refused_at_its_field_and_one_of_20_000_is_kept(
    db: Database, service: CaseService, people: People
) -> None:
    with pytest.raises(BadInput) as refused:
        async with db.begin() as tx:
            await service.accept(tx, new_case(text="水" * 100_000), people.agent)
    assert refused.value.field == "text"
    assert "100000 个字" in refused.value.sentence
    async with db.begin() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM case_counters"))).scalar_one() == 0
        case = await service.accept(tx, new_case(text="水" * 20_000), people.agent)
    page = await service.page(case.id, people.agent)
    assert len(page.body("request")) == 20_000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "  "}, "text"),
        ({"text": "水\x00"}, "text"),
        ({"kind": "shouting"}, "kind"),
        ({"category": "0101"}, "category"),
        ({"category": "'; DROP TABLE cases"}, "category"),
        ({"township": "nowhere"}, "township"),
        ({"contact_id": "no-such-call"}, "contact"),
        ({"tier": "never"}, "tier"),
        ({"line": "99999"}, "line"),
        ({"form_token": ""}, "form_token"),
        ({"address": "路" * 201}, "address"),
    ],
)
async def test_a_wrong_form_is_refused_at_its_field(
    db: Database, service: CaseService, people: People, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        async with db.begin() as tx:
            await service.accept(tx, new_case(**changes), people.agent)
    assert refused.value.field == field


async def test_an_answer_on_the_call_closes_the_case_without_dispatch(
    db: Database, service: CaseService, people: People, call: str
) -> None:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(call, kind="enquiry"), people.agent)
    case = await service.handle(case.id, AnswerDirectly("放水五分钟即可。"), people.agent)
    assert case.state is State.CLOSED
    page = await service.page(case.id, people.agent)
    assert page.body("direct_answer") == "放水五分钟即可。"
    assert page.verbs == ()


async def test_a_reply_sent_back_is_answered_again(
    db: Database, service: CaseService, people: People
) -> None:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(), people.agent)
    await service.handle(case.id, Dispatch("D-WATER"), people.agent)
    await service.handle(case.id, Sign("D-WATER"), people.water)
    await service.handle(case.id, Reply("D-WATER", "已处理。"), people.water)
    with pytest.raises(BadInput) as refused:
        await service.handle(case.id, Review(Verdict.SEND_BACK), people.centre)
    assert refused.value.field == "comment"
    back = Review(Verdict.SEND_BACK, "没有说明检测结果，请补充。")
    assert (await service.handle(case.id, back, people.centre)).state is State.SIGNED
    with pytest.raises(NotAllowed):
        await service.handle(case.id, Close(), people.centre)
    case = await service.handle(case.id, Reply("D-WATER", "检测合格。"), people.water)
    assert case.state is State.REPLIED
    page = await service.page(case.id, people.water)
    assert page.body("review_comment") == "没有说明检测结果，请补充。"


async def test_each_command_needs_its_permission(
    db: Database, service: CaseService, people: People
) -> None:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(), people.agent)
    for command, actor in (
        (Dispatch("D-WATER"), people.supervisor),
        (Dispatch("D-WATER"), people.water),
        (Review(Verdict.APPROVE), people.agent),
        (Close(), people.agent),
        (Sign("D-WATER"), people.agent),
    ):
        with pytest.raises(Forbidden):
            await service.handle(case.id, command, actor)


async def test_earlier_cases_of_the_caller_are_found(
    db: Database, service: CaseService, people: People, call: str
) -> None:
    async with db.begin() as tx:
        first = await service.accept(tx, new_case(call), people.agent)
        await service.accept(tx, new_case(call, confidential=True, text="保密的事情"), people.agent)
        citizen = (await contact(tx, call, people.agent)).citizen_id
        assert citizen is not None
        own = await of_citizen(tx, citizen, people.agent)
        others = await of_citizen(tx, citizen, people.other_agent)
    assert first.number in {row.number for row in own}
    assert "保密的事情" in {row.title for row in own}
    assert {row.title for row in others} == {"（保密）", "花果园小区自来水发黄有异味，已经三天了。"}


async def test_nobody_takes_a_case_down_on_another_agents_call_to_learn_who_it_was(
    db: Database, clock: FixedClock, service: CaseService, people: People, call: str
) -> None:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(call, confidential=True), people.agent)
    refusals = []
    for asked in (call, "no-such-contact"):
        with pytest.raises(BadInput) as refused:
            async with db.begin() as tx:
                await service.accept(tx, new_case(asked, name="冒名示例"), people.other_agent)
        refusals.append((refused.value.field, refused.value.sentence, refused.value.details))
    assert refusals == [("contact", "没有找到这通来电的记录，请刷新页面。", {})] * 2
    assert (await service.page(case.id, people.other_agent)).citizen.name == "（保密）"
    assert (await service.page(case.id, people.agent)).citizen.name == "王示例"
    async with db.begin() as tx:
        await service.accept(tx, new_case(call, name=""), people.centre)
        # the call is put through: from now on it is the other agent's
        await call_answered(tx, call, seat="1002", at=clock.now())
        await service.accept(tx, new_case(call, name=""), people.other_agent)
    with pytest.raises(BadInput):
        async with db.begin() as tx:
            await service.accept(tx, new_case(call, name=""), people.agent)


async def test_a_call_at_a_seat_of_several_people_belongs_to_the_seat(
    db: Database, clock: FixedClock, service: CaseService, people: People
) -> None:
    async with db.begin() as tx:
        await tx.execute(text("UPDATE users SET seat = '1001' WHERE login = 'agent1003'"))
        await call_started(tx, "shared", line="12345", number="", at=clock.now())
        await call_answered(tx, "shared", seat="1001", at=clock.now())
        await call_started(tx, "unanswered", line="12345", number="", at=clock.now())
        assert (await service.accept(tx, new_case("shared"), people.agent)).number
    for actor, contact_id in ((people.other_agent, "shared"), (people.agent, "unanswered")):
        with pytest.raises(BadInput):
            async with db.begin() as tx:
                await service.accept(tx, new_case(contact_id), actor)


async def test_a_name_without_a_number_is_kept_and_a_district_is_place_enough(
    db: Database, service: CaseService, people: People
) -> None:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(township="520181", name="李示例"), people.agent)
        known = await facts(tx, case.id, people.system)
    page = await service.page(case.id, people.agent)
    assert (page.citizen.name, page.citizen.phone) == ("李示例", "")
    assert page.place == "清镇市"
    assert known is not None
    assert known.district is not None
    assert (known.district.code, known.township) == ("520181", None)
