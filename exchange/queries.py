"""Reading the register of the in-box, for the centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.tables import files, records
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound

PAGE = 50
MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class File:
    """A file that was dropped into the in-box. `state`: processing, taken, partly, rejected."""

    id: str
    name: str
    bytes: int
    state: str
    problem: str
    taken: int
    known: int
    refused: int
    copies: int
    received_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not taken: its number and line in the file, the field, the sentence."""

    number: int
    line: int
    field: str
    problem: str


_COLUMNS = (
    files.c.id,
    files.c.name,
    files.c.bytes,
    files.c.state,
    files.c.problem,
    files.c.taken,
    files.c.known,
    files.c.refused,
    files.c.copies,
    files.c.received_at,
    files.c.finished_at,
)


async def recent(
    tx: AsyncConnection, actor: Actor, *, page: int = 1, problems_only: bool = False
) -> tuple[list[File], int]:
    """Files of one page (from 1), newest first, and how many there are. Raises `Forbidden`."""
    require(actor, Permission.READ_EXCHANGE_FILES)
    wanted = files.c.state.in_(("partly", "rejected")) if problems_only else files.c.id.is_not(None)
    total = (await tx.execute(select(func.count()).select_from(files).where(wanted))).scalar_one()
    found = await tx.execute(
        select(*_COLUMNS)
        .where(wanted)
        .order_by(files.c.received_at.desc(), files.c.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return [File(*row) for row in found], int(total)


async def file(tx: AsyncConnection, file_id: str, actor: Actor) -> tuple[File, list[Refusal]]:
    """One file and what was refused of it. Raises `Forbidden`, `NotFound`."""
    require(actor, Permission.READ_EXCHANGE_FILES)
    row = (await tx.execute(select(*_COLUMNS).where(files.c.id == file_id))).one_or_none()
    if row is None:
        raise NotFound("没有这个文件的记录。")
    found = await tx.execute(
        select(records.c.number, records.c.line, records.c.field, records.c.problem)
        .where(records.c.file_id == file_id, records.c.state == "refused")
        .order_by(records.c.number)
        .limit(MOST_PROBLEMS)
    )
    return File(*row), [Refusal(*one) for one in found]
