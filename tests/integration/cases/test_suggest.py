"""Suggestions with the seeded tree, departments and cases."""

from __future__ import annotations

from cases.service import CaseService
from cases.suggest import categories_for, departments_for, repeats
from contacts.queries import contact
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from tests.integration.cases.conftest import People, new_case


async def test_category_then_department_then_repeats(
    db: Database, clock: FixedClock, service: CaseService, people: People, call: str
) -> None:
    async with db.begin() as tx:
        best = (await categories_for(tx, "自来水发黄有异味", people.agent))[0]
        assert best.category.path == "城乡建设/供水/水质"
        named = await departments_for(tx, best.category.code, "520102031", people.agent)
        assert [entry.department.code for entry in named] == ["D-WATER", "D-NANMING"]
        assert await departments_for(tx, "nothing", "", people.agent) == []
    async with db.begin() as tx:
        mine = await service.accept(tx, new_case(call), people.agent)
        other = await service.accept(tx, new_case(confidential=True), people.other_agent)
        await service.accept(tx, new_case(township="520103100"), people.agent)
        citizen = (await contact(tx, call, people.agent)).citizen_id
        found = await repeats(
            tx, category="010101", township="520102031", citizen_id=citizen,
            actor=people.agent, at=clock.now(),
        )  # fmt: skip
    assert [(r.number, r.same_citizen) for r in found] == [
        (mine.number, True),
        (other.number, False),
    ]
    assert found[1].title == "（保密）"
