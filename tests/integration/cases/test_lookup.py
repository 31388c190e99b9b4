"""A citizen asks by number and code."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from cases.lookup import code_of
from cases.model import Dispatch
from cases.service import CaseService
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import Forbidden, TooMany
from tests.integration.cases.conftest import People, new_case


async def _accepted(db: Database, service: CaseService, people: People) -> tuple[str, str, str]:
    async with db.begin() as tx:
        case = await service.accept(tx, new_case(), people.agent)
        return case.id, case.number, await code_of(tx, case.id, people.system)


async def test_number_and_code_give_the_state_and_no_text(
    db: Database, service: CaseService, people: People
) -> None:
    case_id, number, code = await _accepted(db, service, people)
    keyed = number.removeprefix("12345-").replace("-", "")
    assert len(keyed) == 13
    status = await service.lookup(keyed, code)
    assert status is not None
    assert (status.number, status.state_name, status.department) == (number, "已受理", None)
    await service.handle(case_id, Dispatch("D-WATER"), people.agent)
    status = await service.lookup(number, code)
    assert status is not None
    assert (status.state_name, status.department) == ("待签收", "市水务局")


async def test_the_code_is_six_digits_differs_by_case_and_is_stored_nowhere(
    db: Database, service: CaseService, people: People
) -> None:
    codes = {(await _accepted(db, service, people))[2] for _ in range(8)}
    assert len(codes) > 6
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    async with db.begin() as tx:
        rows = str(list(await tx.execute(text("SELECT row_to_json(c) FROM cases c"))))
        assert not any(f'"{code}"' in rows or f"'{code}'" in rows for code in codes)
        with pytest.raises(Forbidden):
            await code_of(tx, "x", people.agent)


async def test_wrong_codes_close_a_number_for_a_while(
    db: Database, clock: FixedClock, service: CaseService, people: People
) -> None:
    _, number, code = await _accepted(db, service, people)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert await service.lookup(number, wrong) is None
    with pytest.raises(TooMany):
        await service.lookup(number, code)
    clock.advance(timedelta(minutes=16))
    assert await service.lookup(number, code) is not None


@pytest.mark.parametrize(
    "number", ["", "abc", "2026111899999", "12345-20261118-99999", "１２３", "\x00"]
)
async def test_a_number_that_does_not_exist_answers_like_a_wrong_code(
    service: CaseService, number: str
) -> None:
    assert await service.lookup(number, "123456") is None


async def test_the_code_survives_what_people_type(
    db: Database, service: CaseService, people: People
) -> None:
    _, number, code = await _accepted(db, service, people)
    for typed in ("", "水" * 6, "' OR 1=1", "１２３４５６"):
        assert await service.lookup(number, typed) is None
    assert await service.lookup(f" {number} ", f" {code} ") is not None
