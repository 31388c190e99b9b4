"""Access functions: the only way to read approvals. Each says whom it lets read what."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from approvals.model import Approval, Result
from approvals.tables import approvals, failures
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound, TooMany

MAX_LISTED = 100
WRONG_CODES = 5
CLOSED_FOR = timedelta(minutes=15)
LONGEST_KEYPAD = 20


def row_to_approval(row: Row[Any]) -> Approval:
    """One stored row as a value."""
    values = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's public mapping, so named for rows)
    values["result"] = Result(values["result"])
    return Approval(**values)


async def get(tx: AsyncConnection, approval_id: str, actor: Actor) -> Approval:
    """One result with the applicant's name and numbers.

    Raises `Forbidden` without READ_APPROVALS, `NotFound` for an unknown id.
    """
    require(actor, Permission.READ_APPROVALS)
    query = select(approvals).where(approvals.c.id == approval_id)
    found = (await tx.execute(query)).one_or_none()
    if found is None:
        raise NotFound("没有找到这项审批结果。")
    return row_to_approval(found)


async def recent(
    tx: AsyncConnection, actor: Actor, *, words: str = "", limit: int = MAX_LISTED
) -> list[Approval]:
    """The newest results, those whose reference or matter contains `words` when given."""
    require(actor, Permission.READ_APPROVALS)
    query = select(approvals).order_by(approvals.c.received_at.desc()).limit(limit)
    if words.strip():
        wanted = words.replace("\0", "").strip()
        query = query.where(
            approvals.c.reference.icontains(wanted, autoescape=True)
            | approvals.c.matter.icontains(wanted, autoescape=True)
        )
    return [row_to_approval(row) for row in await tx.execute(query)]


async def lookup(tx: AsyncConnection, number: str, code: str, *, at: datetime) -> Approval | None:
    """What a caller keyed: the digits of the reference and the look-up code of the SMS.

    The code is the guard: without it nothing is told. Wrong and unknown look the same. A wrong
    code is counted in this transaction: commit it. Raises `TooMany` after five wrong codes for
    one number within 15 minutes.
    """
    if not re.fullmatch(rf"[0-9]{{1,{LONGEST_KEYPAD}}}", number, re.ASCII):
        return None
    await _refuse_closed(tx, number, at)
    found = await tx.execute(
        select(approvals)
        .where(approvals.c.keypad == number, approvals.c.code == code.replace("\0", ""))
        .order_by(approvals.c.received_at.desc())
        .limit(1)
    )
    row = found.one_or_none()
    if row is None:
        await tx.execute(delete(failures).where(failures.c.at <= at - CLOSED_FOR))
        await tx.execute(insert(failures).values(keypad=number, at=at))
        return None
    return row_to_approval(row)


async def _refuse_closed(tx: AsyncConnection, number: str, at: datetime) -> None:
    key = func.hashtextextended("approval look-up " + number, 0)
    await tx.execute(select(func.pg_advisory_xact_lock(key)))
    wrong = select(func.count()).where(failures.c.keypad == number, failures.c.at > at - CLOSED_FOR)
    if (await tx.execute(wrong)).scalar_one() >= WRONG_CODES:
        raise TooMany("查询码连续输错，请 15 分钟后再试，或转人工查询。")


async def count(tx: AsyncConnection) -> int:
    """How many results were ever received."""
    return int((await tx.execute(select(func.count()).select_from(approvals))).scalar_one())


async def forget_failures(tx: AsyncConnection, before: datetime, limit: int) -> int:
    """Delete up to `limit` wrong codes keyed before that time; returns how many there were."""
    old = select(failures.c.id).where(failures.c.at < before).limit(limit)
    return (await tx.execute(delete(failures).where(failures.c.id.in_(old)))).rowcount
