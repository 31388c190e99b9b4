"""Results of the approval system: taken once, guarded, told to the log without persons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from approvals import queries
from approvals.model import NewApproval, Result
from approvals.service import ReferenceTaken, receive
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import Forbidden, NotFound, TooMany
from rexian.kernel.events import Subject, history

NEW = NewApproval(
    system="gy-approval",
    reference="SP-2026-000123",
    matter="食品经营许可",
    result=Result.GRANTED,
    decided_at=datetime(2026, 11, 18, 1, 0, tzinfo=UTC),
    department="市市场监督管理局",
    applicant="王示例",
    phone="13985550123",
    fax="0851-85550199",
    note="请携带身份证到三号窗口领取。",
)
EXCHANGE = Actor.system("exchange")
CENTRE = Actor("user", "U-CENTRE", Role.CENTRE)


async def test_received_once(bare_db: Database, clock: FixedClock) -> None:
    async with bare_db.begin() as tx:
        first = await receive(tx, NEW, EXCHANGE, at=clock.now())
    async with bare_db.begin() as tx:
        again = await receive(tx, NEW, EXCHANGE, at=clock.now())
    assert (first.created, again.created) == (True, False)
    assert first.approval == again.approval
    async with bare_db.begin() as tx:
        told = await history(tx, Subject("approval", first.approval.id))
        assert await queries.count(tx) == 1
    (event,) = told
    assert event.type == "approval.received"
    assert event.payload["channels"] == ["sms", "fax"]
    words = str(event.payload)
    for private in ("王示例", "13985550123", "食品经营许可", "85550199"):
        assert private not in words


async def test_another_result_under_the_same_reference_is_refused(
    bare_db: Database, clock: FixedClock
) -> None:
    async with bare_db.begin() as tx:
        await receive(tx, NEW, EXCHANGE, at=clock.now())
    with pytest.raises(ReferenceTaken) as caught:
        async with bare_db.begin() as tx:
            await receive(tx, replace(NEW, result=Result.REFUSED), EXCHANGE, at=clock.now())
    assert caught.value.details["fields"] == ["result"]


async def test_lookup_needs_number_and_code(bare_db: Database, clock: FixedClock) -> None:
    async with bare_db.begin() as tx:
        stored = (await receive(tx, NEW, EXCHANGE, at=clock.now())).approval
    assert stored.keypad == "2026000123"
    wrong = f"{(int(stored.code) + 1) % 1_000_000:06d}"
    async with bare_db.begin() as tx:
        assert await queries.lookup(tx, stored.keypad, stored.code, at=clock.now()) == stored
        assert await queries.lookup(tx, stored.keypad, wrong, at=clock.now()) is None
        assert await queries.lookup(tx, "", stored.code, at=clock.now()) is None


async def test_wrong_codes_close_a_number_for_a_while(bare_db: Database, clock: FixedClock) -> None:
    async with bare_db.begin() as tx:
        stored = (await receive(tx, NEW, EXCHANGE, at=clock.now())).approval
    wrong = f"{(int(stored.code) + 1) % 1_000_000:06d}"
    for _ in range(queries.WRONG_CODES):
        async with bare_db.begin() as tx:
            assert await queries.lookup(tx, stored.keypad, wrong, at=clock.now()) is None
    with pytest.raises(TooMany):
        async with bare_db.begin() as tx:
            await queries.lookup(tx, stored.keypad, stored.code, at=clock.now())
    clock.advance(timedelta(minutes=16))
    async with bare_db.begin() as tx:
        assert await queries.lookup(tx, stored.keypad, stored.code, at=clock.now()) == stored


async def test_who_may_read(bare_db: Database, clock: FixedClock) -> None:
    async with bare_db.begin() as tx:
        stored = (await receive(tx, NEW, EXCHANGE, at=clock.now())).approval
    department = Actor("user", "U-D", Role.DEPARTMENT, department="D-WATER")
    async with bare_db.begin() as tx:
        assert (await queries.get(tx, stored.id, CENTRE)).applicant == "王示例"
        assert [one.id for one in await queries.recent(tx, CENTRE, words="食品")] == [stored.id]
        assert await queries.recent(tx, CENTRE, words="50%_") == []
        assert await queries.recent(tx, CENTRE, words="食品\0许可") == []
        with pytest.raises(Forbidden):
            await queries.get(tx, stored.id, department)
        with pytest.raises(NotFound):
            await queries.get(tx, "no-such-id", CENTRE)


async def test_a_department_login_reads_nothing(bare_db: Database) -> None:
    with pytest.raises(Exception, match="permission denied"):
        async with bare_db.begin(department="D-WATER") as tx:
            await tx.execute(text("SELECT * FROM approvals"))
