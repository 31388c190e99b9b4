"""Reading the directory: places, departments, seats, users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True)
class Place:
    """A district or township; `code` is the statistical division code, `parent` its district."""

    code: str
    name: str
    level: str
    kind: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Department:
    """A body that handles cases (承办单位)."""

    code: str
    name: str
    short_name: str
    kind: str
    responsibilities: str
    place: str | None


@dataclass(frozen=True, slots=True)
class Seat:
    """A place at which an agent answers; `queues` are those it serves."""

    number: str
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in; no password here."""

    id: str
    login: str
    name: str
    role: str
    department: str | None
    seat: str | None
    active: bool


async def places(tx: AsyncConnection, level: str | None = None) -> list[Place]:
    """All places of one level (`district`, `township`) or of all, in their order."""
    found = await tx.execute(
        text("""
            SELECT code, name, level, kind, parent FROM places
            WHERE CAST(:level AS text) IS NULL OR level = :level ORDER BY position
        """),
        {"level": level},
    )
    return [Place(*row) for row in found]


async def place(tx: AsyncConnection, code: str) -> Place:
    """One place. Raises `NotFound`."""
    found = await tx.execute(
        text("SELECT code, name, level, kind, parent FROM places WHERE code = :code"),
        {"code": code},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("没有这个地点，请从列表中选择。", place=code)
    return Place(*row)


async def require_township(tx: AsyncConnection, code: str) -> Place:
    """One township or district of a form. Raises `BadInput` at the field `township`."""
    try:
        found = await place(tx, code)
    except NotFound as error:
        raise BadInput("请从列表中选择地点。", field="township") from error
    if found.level == "city":
        raise BadInput("请选择具体的区县或乡镇街道。", field="township")
    return found


async def departments(tx: AsyncConnection) -> list[Department]:
    """All active departments, in their order."""
    found = await tx.execute(
        text("""
            SELECT code, name, short_name, kind, responsibilities, place
            FROM departments WHERE active ORDER BY position
        """)
    )
    return [Department(*row) for row in found]


async def department(tx: AsyncConnection, code: str) -> Department:
    """One active department. Raises `BadInput` at the field `department`."""
    found = await tx.execute(
        text("""
            SELECT code, name, short_name, kind, responsibilities, place
            FROM departments WHERE active AND code = :code
        """),
        {"code": code},
    )
    row = found.one_or_none()
    if row is None:
        raise BadInput("没有这个承办单位，请从列表中选择。", field="department", department=code)
    return Department(*row)


async def government_of(tx: AsyncConnection, place_code: str) -> Department | None:
    """The district government responsible for a place (its own district's), if there is one."""
    found = await tx.execute(
        text("""
            SELECT code, name, short_name, kind, responsibilities, place
            FROM departments WHERE active AND place = left(:place, 6)
        """),
        {"place": place_code},
    )
    row = found.one_or_none()
    return Department(*row) if row else None


async def seats(tx: AsyncConnection) -> list[Seat]:
    """All active seats."""
    found = await tx.execute(text("SELECT number, queues FROM seats WHERE active ORDER BY number"))
    return [Seat(row.number, tuple(row.queues)) for row in found]


async def queues_of(tx: AsyncConnection, seat: str) -> tuple[str, ...]:
    """The queues a seat serves. Raises `NotFound` for a seat that does not exist."""
    found = await tx.execute(
        text("SELECT queues FROM seats WHERE active AND number = :seat"), {"seat": seat}
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("没有这个坐席。", seat=seat)
    return tuple(row.queues)


async def users(tx: AsyncConnection) -> list[User]:
    """All users, by login."""
    found = await tx.execute(
        text("SELECT id, login, name, role, department, seat, active FROM users ORDER BY login")
    )
    return [User(*row) for row in found]


async def names(tx: AsyncConnection, ids: list[str]) -> dict[str, str]:
    """Names of users by id; ids that are no users are left out."""
    found: Any = await tx.execute(
        text("SELECT id, name FROM users WHERE id = ANY(:ids)"), {"ids": ids}
    )
    return {row.id: row.name for row in found}


async def user_at_seat(tx: AsyncConnection, seat: str) -> str | None:
    """The id of the active user whose seat this is, if there is exactly one."""
    found = await tx.execute(
        text("SELECT id FROM users WHERE seat = :seat AND active LIMIT 2"), {"seat": seat}
    )
    ids = list(found.scalars())
    return str(ids[0]) if len(ids) == 1 else None
