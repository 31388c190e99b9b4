"""Notices of real cases: accepted by an agent, answered, told to the citizen who called."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from cases.lookup import lookup
from cases.model import AnswerDirectly
from cases.service import CaseService, NewCase
from contacts.service import call_answered, call_started
from outbound.notices import EVENTS, Notices
from outbound.quiet import QuietHours
from outbound.sources import Cases
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.ids import new_id
from rexian.kernel.readers import Reader

AGENT = Actor("user", "agent1001", Role.AGENT, "坐席示例一", seat="1001")


async def bodies(db: Database) -> list[str]:
    async with db.begin() as tx:
        found = await tx.execute(text("SELECT body FROM messages ORDER BY id"))
        return list(found.scalars())


@pytest.mark.parametrize("confidential", [False, True])
async def test_number_and_code_then_the_answer(
    db: Database, clock: FixedClock, *, confidential: bool
) -> None:
    quiet = QuietHours.parse("21:30", "08:00", 60)
    reader = Reader(
        db, "notices", Notices(Cases(), clock, quiet, "贵阳12345"), types=EVENTS, clock=clock
    )
    call = new_id()
    clock.advance(timedelta(hours=13))
    async with db.begin() as tx:
        await call_started(tx, call, line="12345", number="13985550123", at=clock.now())
        await call_answered(tx, call, seat="1001", agent=AGENT.id, at=clock.now())
    service = CaseService(db, clock)
    async with db.begin() as tx:
        new = NewCase(
            "complaint",
            "010101",
            "自来水发黄",
            new_id(),
            contact_id=call,
            confidential=confidential,
        )
        case = await service.accept(tx, new, AGENT)
    await service.handle(case.id, AnswerDirectly("已派人冲洗管网。"), AGENT)
    assert await reader.run_once() == 2
    accepted, result = await bodies(db)
    assert case.number in accepted
    code = re.search(r"查询码(\d{6})", accepted)
    assert code is not None
    async with db.begin() as tx:
        assert await lookup(tx, case.number, code[1], at=clock.now()) is not None
        found = await tx.execute(text("SELECT max(send_after) FROM messages"))
        assert found.scalar_one() == clock.now(), "who has just called is told at night too"
    assert ("已派人冲洗管网" in result) is not confidential
    assert ("水质" in result) is not confidential
