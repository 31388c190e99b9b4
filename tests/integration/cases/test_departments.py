"""What a department may see and do, held by the database itself."""

from __future__ import annotations

from runpy import run_path

import pytest
import structlog.testing
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from cases.model import Dispatch, Reply, Sign
from cases.queries import inbox, recent
from cases.service import CaseService
from rexian.kernel.db import Database
from rexian.kernel.errors import NotAllowed, NotFound
from rexian.kernel.events import Subject, history
from rexian.kernel.settings import ROOT
from tests.integration.cases.conftest import People, new_case


async def _dispatched(
    db: Database, service: CaseService, people: People, to: Dispatch, **changes: object
) -> tuple[str, str]:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(**changes), people.agent)  # type: ignore[arg-type]
    await service.handle(case.id, to, people.agent)
    return case.id, case.number


async def test_guessing_another_departments_number_answers_like_a_number_that_does_not_exist(
    db: Database, service: CaseService, people: People
) -> None:
    case_id, number = await _dispatched(db, service, people, Dispatch("D-WATER"))
    answers = []
    for asked in (number, case_id, "12345-20261118-99999", "nonsense", "x\x00y"):
        with structlog.testing.capture_logs() as logged, pytest.raises(NotFound) as refused:
            await service.page(asked, people.urban)
        answers.append((refused.value.code, refused.value.sentence, refused.value.details))
        assert [line["event"] for line in logged] == ["case.refused"]
        with pytest.raises(NotFound) as refused:
            await service.handle(asked, Sign("D-URBAN"), people.urban)
        answers.append((refused.value.code, refused.value.sentence, refused.value.details))
    assert len({str(answer) for answer in answers}) == 1
    async with db.begin() as tx:
        log = await history(tx, Subject("user", people.urban.id))
    assert [event.type for event in log] == ["case.refused"] * 10
    assert log[0].payload == {"department": "D-URBAN", "case": case_id}
    assert (await service.page(number, people.water)).id == case_id


async def test_a_department_sees_its_own_cases_only_even_by_plain_sql(
    db: Database, service: CaseService, people: People
) -> None:
    own, _ = await _dispatched(db, service, people, Dispatch("D-WATER"))
    other, _ = await _dispatched(db, service, people, Dispatch("D-URBAN"))
    async with db.begin(department="D-WATER") as tx:
        assert list((await tx.execute(text("SELECT id FROM cases"))).scalars()) == [own]
        texts = await tx.execute(text("SELECT DISTINCT case_id FROM case_texts"))
        assert list(texts.scalars()) == [own]
        seen = await tx.execute(text("SELECT count(*) FROM case_history(:id)"), {"id": other})
        assert seen.scalar_one() == 0
    async with db.begin() as tx:
        assert [row.id for row in await inbox(tx, people.urban)] == [other]
        assert {row.id for row in await recent(tx, people.water)} == {own}
        # and the transaction is the application's again
        assert (await tx.execute(text("SELECT count(*) FROM cases"))).scalar_one() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT citizen_id FROM cases",
        "SELECT contact_id FROM cases",
        "SELECT accepted_by FROM cases",
        "SELECT body FROM case_texts",
        "SELECT masked FROM case_texts",
        "SELECT * FROM citizens",
        "SELECT * FROM contacts",
        "SELECT * FROM users",
        "SELECT * FROM events",
        "SELECT * FROM case_keys",
        "UPDATE cases SET state = 'closed'",
        "INSERT INTO case_dispatches VALUES ('1', '1', 'D-WATER', 'lead', 1, now())",
        "DELETE FROM case_texts",
    ],
)
async def test_a_departments_role_has_no_way_to_a_citizen_or_to_a_change(
    db: Database, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with db.begin(department="D-WATER") as tx:
            await tx.execute(text(statement))


async def test_a_confidential_citizen_is_masked_for_departments_and_others_but_not_for_the_agent(
    db: Database, service: CaseService, people: People, call: str
) -> None:
    case_id, _ = await _dispatched(
        db, service, people, Dispatch("D-WATER"), contact_id=call, confidential=True
    )
    for actor in (people.water, people.other_agent, people.supervisor):
        page = await service.page(case_id, actor)
        assert (page.citizen.name, page.citizen.phone) == ("（保密）", "（保密）")
        assert "王示例" not in repr(page)
        assert "8555" not in repr(page)
        assert page.contact_id is None
    for actor in (people.agent, people.centre):
        assert (await service.page(case_id, actor)).citizen.name == "王示例"
    async with db.begin(department="D-URBAN") as tx:
        assert (await tx.execute(_SHOWN, {"id": case_id})).all() == []
    async with db.begin(department="D-WATER") as tx:
        found = await tx.execute(text("SELECT * FROM case_citizen(:id)"), {"id": case_id})
        assert found.all() == []
        log = await tx.execute(text("SELECT payload FROM case_history(:id)"), {"id": case_id})
        accepted = log.scalars().first()
    assert accepted is not None
    assert accepted["confidential"] is True
    assert {"citizen", "contact"} & accepted.keys() == set()


_SHOWN = text("SELECT kind, body FROM case_texts_shown(:id)")


async def test_the_database_itself_gives_a_department_no_confidential_word(
    db: Database, service: CaseService, people: People, call: str
) -> None:
    words = "我是王示例，电话139 8555 0123，备用13698550999；花果园某栋停水。李示例可作证。"
    case_id, _ = await _dispatched(
        db, service, people, Dispatch("D-WATER", note="联系王示例"),
        contact_id=call, confidential=True, text=words,
    )  # fmt: skip
    await service.handle(case_id, Sign("D-WATER"), people.water)
    await service.handle(case_id, Reply("D-WATER", "已回访王示例。"), people.water)
    open_id, _ = await _dispatched(db, service, people, Dispatch("D-WATER"), text=words, name="")

    async def shown(asked: str) -> dict[str, str]:
        async with db.begin(department="D-WATER") as tx:
            return {row.kind: row.body for row in await tx.execute(_SHOWN, {"id": asked})}

    assert await shown(case_id) == {
        "request": "我是（保密），电话（保密），备用〔电话〕；花果园某栋停水。李示例可作证。",
        "address": "花果园某栋",
        "dispatch_note": "联系（保密）",
        "public_reply": "已回访（保密）。",
    }
    assert (await shown(open_id))["request"] == words
    assert (await service.page(case_id, people.agent)).body("request") == words

    async with db.begin() as tx:  # he gives another name in a later call
        await service.accept(tx, new_case(call, name="李示例"), people.agent)
    for name in ("李示例", "王示例"):
        assert name not in str(await shown(case_id))
        assert name not in repr((await service.page(case_id, people.other_agent)).texts)
    async with db.begin() as tx:
        await tx.execute(text("UPDATE case_texts SET masked = NULL"))
    assert set((await shown(case_id)).values()) == {"（保密）"}, "never the text in its stead"
    migration = run_path(str(ROOT / "cases" / "migrations" / "0016_masked_texts.py"))
    async with db.begin() as tx:
        await tx.run_sync(migration["_mask"])
    assert (await shown(case_id))["dispatch_note"] == "联系王示例", (
        "an old name is not known any more"
    )
    assert "〔电话〕" in (await shown(case_id))["request"]
    assert "李示例" not in (await shown(case_id))["request"]


async def test_an_open_citizen_is_shown_to_the_department_that_handles_the_case(
    db: Database, service: CaseService, people: People, call: str
) -> None:
    case_id, _ = await _dispatched(db, service, people, Dispatch("D-WATER"), contact_id=call)
    page = await service.page(case_id, people.water)
    assert (page.citizen.name, page.citizen.phone) == ("王示例", "139 8555 0123")
    assert page.contact_id is None
    assert [line.label for line in page.history] == ["受理", "派单"]
    assert page.verbs == ("sign",)


async def test_a_support_sees_the_case_but_only_the_lead_signs_and_answers(
    db: Database, service: CaseService, people: People
) -> None:
    case_id, _ = await _dispatched(db, service, people, Dispatch("D-WATER", ("D-URBAN",)))
    assert (await service.page(case_id, people.urban)).verbs == ()
    with pytest.raises(NotAllowed):
        await service.handle(case_id, Sign("D-URBAN"), people.urban)
    with pytest.raises(NotAllowed):
        await service.handle(case_id, Sign("D-WATER"), people.urban)
    await service.handle(case_id, Sign("D-WATER"), people.water)
    with pytest.raises(NotAllowed):
        await service.handle(case_id, Reply("D-WATER", "冒名答复"), people.urban)
