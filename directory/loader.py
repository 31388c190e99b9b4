"""Load the directory's seed files; running it again changes only what differs in the files."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

FOLDER = Path(__file__).parent / "seed"


def read(name: str) -> dict[str, Any]:
    """Return one of this room's seed files."""
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def user_id(login: str) -> str:
    """Return the id of a seeded user: the same in every installation."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"rexian:user:{login}"))


def place_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of `places` of a city's file, parents first."""
    city = data["city"]
    rows = [_place(city["code"], city["name"], "city", "地级市", None)]
    for district in data["districts"]:
        code = district["code"]
        rows.append(_place(code, district["name"], "district", district["kind"], city["code"]))
        rows.extend(
            _place(own, name, "township", kind, code) for own, name, kind in district["townships"]
        )
    return [{**row, "position": position} for position, row in enumerate(rows)]


def _place(code: str, name: str, level: str, kind: str, parent: str | None) -> dict[str, Any]:
    return {"code": code, "name": name, "level": level, "kind": kind, "parent": parent}


async def load(tx: AsyncConnection) -> None:
    """Insert or update places, departments, seats and users; passwords are left as they are."""
    await tx.execute(
        text("""
            INSERT INTO places (code, name, level, kind, parent, position)
            VALUES (:code, :name, :level, :kind, :parent, :position)
            ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level,
                kind = excluded.kind, parent = excluded.parent, position = excluded.position
        """),
        place_rows(read("places.yaml")),
    )
    await tx.execute(
        text("""
            INSERT INTO departments
                (code, name, short_name, kind, responsibilities, place, position)
            VALUES (:code, :name, :short, :kind, :responsibilities, :place, :position)
            ON CONFLICT (code) DO UPDATE SET name = excluded.name,
                short_name = excluded.short_name, kind = excluded.kind, place = excluded.place,
                responsibilities = excluded.responsibilities, position = excluded.position
        """),
        _department_rows(),
    )
    people = read("people.yaml")
    await tx.execute(
        text("""
            INSERT INTO seats (number, queues) VALUES (:number, :queues)
            ON CONFLICT (number) DO UPDATE SET queues = excluded.queues
        """),
        [
            {"number": number, "queues": group["queues"]}
            for group in people["seats"]
            for number in group["numbers"]
        ],
    )
    await tx.execute(
        text("""
            INSERT INTO users (id, login, name, role, department, seat)
            VALUES (:id, :login, :name, :role, :department, :seat)
            ON CONFLICT (login) DO NOTHING
        """),
        [
            {
                "id": user_id(login),
                "login": login,
                "name": name,
                "role": role,
                "department": department or None,
                "seat": seat or None,
            }
            for login, name, role, department, seat in people["users"]
        ],
    )


def _department_rows() -> list[dict[str, Any]]:
    keys = ("code", "name", "short", "kind", "responsibilities", "place")
    return [
        {"place": None, **dict(zip(keys, entry, strict=False)), "position": position}
        for position, entry in enumerate(read("departments.yaml")["departments"])
    ]


async def give_development_password(tx: AsyncConnection, hashed: str) -> None:
    """Give seeded logins without a password this one: for development only."""
    await tx.execute(
        text("UPDATE users SET password_hash = :hash WHERE password_hash IS NULL"),
        {"hash": hashed},
    )


async def password_hashes(tx: AsyncConnection) -> list[str]:
    """Every hash some login has, each once: logins seeded together share theirs."""
    found = await tx.execute(
        text("SELECT DISTINCT password_hash FROM users WHERE password_hash IS NOT NULL")
    )
    return list(found.scalars())


async def forget_passwords(tx: AsyncConnection, hashes: list[str]) -> None:
    """Take these passwords away, and end the sessions of whoever had one of them."""
    from rexian.kernel.web.sessions import close_all  # brings the whole web base along

    found = await tx.execute(
        text(
            "UPDATE users SET password_hash = NULL WHERE password_hash = ANY(:hashes) RETURNING id"
        ),
        {"hashes": hashes},
    )
    for user in found.scalars().all():
        await close_all(tx, user)


async def lacks_passwords(tx: AsyncConnection) -> bool:
    """Whether any login is still without a password."""
    found = await tx.execute(
        text("SELECT EXISTS (SELECT 1 FROM users WHERE password_hash IS NULL)")
    )
    return bool(found.scalar_one())
