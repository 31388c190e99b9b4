"""Load the category tree and the promises; running it again changes only what differs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.errors import BadSetting
from rexian.kernel.workdays import Overlay, WorkCalendar

FOLDER = Path(__file__).parent / "seed"


def read(name: str) -> dict[str, Any]:
    """Return one of this room's seed files."""
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def calendar() -> WorkCalendar:
    """Return the city's working days and hours."""
    data = read("promises.yaml")["calendar"]
    spans = data.pop("hours")
    hours = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans)
    return WorkCalendar(Overlay.parse(data), hours)


def category_rows(tree: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of `categories`, parents first; codes come from the position in the file."""
    position = 0
    for first, area in enumerate(tree, start=1):
        top = f"{first:02d}"
        yield _row(position := position + 1, top, None, area["name"], area["name"])
        for second, group in enumerate(area["groups"], start=1):
            middle = f"{top}{second:02d}"
            path = f"{area['name']}/{group['name']}"
            yield _row(position := position + 1, middle, top, group["name"], path, group)
            for third, leaf in enumerate(group["leaves"], start=1):
                name, words, own = [*leaf, {}][:3]
                facts = {**group, **own, "keywords": words.split()}
                code = f"{middle}{third:02d}"
                yield _row(position := position + 1, code, middle, name, f"{path}/{name}", facts)


def _row(
    position: int,
    code: str,
    parent: str | None,
    name: str,
    path: str,
    facts: dict[str, Any] | None = None,
) -> dict[str, Any]:
    facts = facts or {}
    return {
        "code": code,
        "parent": parent,
        "level": len(code) // 2,
        "name": name,
        "path": path,
        "keywords": facts.get("keywords", []),
        "department": facts.get("department"),
        "tier": facts.get("tier"),
        "position": position,
    }


async def _refuse_moved(tx: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    """Raise `BadSetting` when a category that cases stand under would get another's code.

    A code is its place in the file: something put in or taken out in the middle would silently
    turn old cases into cases of the neighbour. New ones are added at the end of their group.
    """
    stored = await tx.execute(
        text("""
            SELECT k.code, k.path, EXISTS (SELECT 1 FROM cases c WHERE c.category = k.code) AS used
            FROM categories k
        """)
    )
    known = stored.all()
    now_at = {row["path"]: row["code"] for row in rows}
    was_at = {row.path: row.code for row in known}
    path_of = {row["code"]: row["path"] for row in rows}
    for row in known:
        comes = path_of.get(row.code, row.path)
        moved = now_at.get(row.path, row.code) != row.code
        if row.used and (moved or was_at.get(comes, row.code) != row.code):
            raise BadSetting(
                f"分类“{row.path}”（{row.code}）已有工单，编码不能改给别的分类。"
                "请把新分类加在本组末尾，不要删除或调换中间的。",
                setting="categories.yaml",
            )


async def load(tx: AsyncConnection) -> None:
    """Insert or update the promises and the categories. Raises `BadSetting` for moved ones."""
    await tx.execute(
        text("""
            INSERT INTO promise_tiers (tier, name, amount, unit)
            VALUES (:tier, :name, :amount, :unit)
            ON CONFLICT (tier) DO NOTHING
        """),
        read("promises.yaml")["promises"],
    )
    rows = list(category_rows(read("categories.yaml")["categories"]))
    await _refuse_moved(tx, rows)
    await tx.execute(
        text("""
            INSERT INTO categories
                (code, parent, level, name, path, keywords, department, tier, position)
            VALUES (:code, :parent, :level, :name, :path, :keywords, :department, :tier, :position)
            ON CONFLICT (code) DO UPDATE SET name = excluded.name, path = excluded.path,
                keywords = excluded.keywords, department = excluded.department,
                tier = excluded.tier, position = excluded.position
        """),
        rows,
    )
