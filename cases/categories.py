"""The category tree (事项分类), read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.errors import BadInput

LEAF_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Category:
    """One node; `path` is 城乡建设/供水/水质. `department` and `tier` are defaults of a leaf."""

    code: str
    parent: str | None
    level: int
    name: str
    path: str
    keywords: tuple[str, ...]
    department: str | None
    tier: str | None


_SELECT = "SELECT code, parent, level, name, path, keywords, department, tier FROM categories"


async def tree(tx: AsyncConnection) -> list[Category]:
    """Give all active categories, parents before children, in their order."""
    found = await tx.execute(text(_SELECT + " WHERE active ORDER BY position"))
    return [_category(row) for row in found]


async def leaves(tx: AsyncConnection) -> list[Category]:
    """Give the active leaves, in their order."""
    return [category for category in await tree(tx) if category.level == LEAF_LEVEL]


async def leaf(tx: AsyncConnection, code: str) -> Category:
    """Give one active leaf. Raises `BadInput` at the field `category`."""
    found = await tx.execute(
        text(_SELECT + " WHERE active AND level = :leaf AND code = :code"),
        {"code": code.replace("\x00", ""), "leaf": LEAF_LEVEL},
    )
    row = found.one_or_none()
    if row is None:
        raise BadInput("请选择事项分类（到第三级）。", field="category")
    return _category(row)


def _category(row: Row[Any]) -> Category:
    return Category(
        row.code,
        row.parent,
        row.level,
        row.name,
        row.path,
        tuple(row.keywords),
        row.department,
        row.tier,
    )
