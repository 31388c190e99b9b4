"""What callers may look up, from the real database: state and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.model import NewApproval, Result
from approvals.service import receive
from cases import categories
from cases.lookup import code_of
from cases.service import CaseService, NewCase
from directory.loader import user_id
from ivr.lookups import Lookups
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database

SYSTEM = Actor.system("test")


@pytest.fixture
def lookups(db: Database, clock: FixedClock) -> Lookups:
    return Lookups(db, clock)


async def test_a_case_by_its_keyed_number_and_code(db, clock, lookups):
    agent = Actor("user", user_id("agent1012"), Role.AGENT, "坐席示例十二", None, "1012")
    async with db.begin() as tx:
        leaf = await _leaf(tx)
        new = NewCase(kind="complaint", category=leaf, text="停水", form_token="t" * 24)
        case = await CaseService(db, clock).accept(tx, new, agent)
        code = await code_of(tx, case.id, SYSTEM)
    keyed = "".join(filter(str.isdigit, case.number.partition("-")[2]))
    found = await lookups("case_status", {"number": keyed, "code": code})
    assert found == {"number": case.number, "state": "accepted", "due": ""}
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(7):  # the number is closed after five; a caller hears the same
        assert await lookups("case_status", {"number": keyed, "code": wrong}) is None
    assert await lookups("case_status", {"number": keyed, "code": code}) is None
    clock.advance(timedelta(minutes=16))
    assert await lookups("case_status", {"number": keyed, "code": code}) is not None


async def test_an_approval_by_the_digits_of_its_reference(db, clock, lookups):
    new = NewApproval(
        system="oss",
        reference="SP-2026-000123",
        matter="食品经营许可证核发",
        result=Result.SUPPLEMENT,
        decided_at=clock.now(),
        department="市场监管局",
        applicant="李示例",
        phone="13985010003",
    )
    async with db.begin() as tx:
        received = await receive(tx, new, SYSTEM, at=clock.now())
    code = received.approval.code
    found = await lookups("approval_status", {"number": "2026000123", "code": code})
    assert found is not None
    assert found["state"] == "supplement"
    assert await lookups("approval_status", {"number": "", "code": code}) is None
    keyed, wrong = "2026000123", f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(7):  # closed after five, like a case's number; a caller hears the same
        assert await lookups("approval_status", {"number": keyed, "code": wrong}) is None
    assert await lookups("approval_status", {"number": keyed, "code": code}) is None
    clock.advance(timedelta(minutes=16))
    assert await lookups("approval_status", {"number": keyed, "code": code}) is not None


async def test_a_kind_nobody_knows_is_a_failed_look_up(lookups):
    with pytest.raises(LookupError):
        await lookups("weather", {})


async def _leaf(tx):
    return next(one.code for one in await categories.leaves(tx) if one.name == "停水")
