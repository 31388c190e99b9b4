"""The category tree of a running hotline: codes keep their meaning."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from cases import loader
from cases.service import CaseService
from rexian.kernel.db import Database
from rexian.kernel.errors import BadSetting
from tests.integration.cases.conftest import People, new_case


def _rows() -> list[dict[str, Any]]:
    return list(loader.category_rows(loader.read("categories.yaml")["categories"]))


def _changed(change: str) -> list[dict[str, Any]]:
    tree = loader.read("categories.yaml")["categories"]
    leaves = tree[0]["groups"][0]["leaves"]
    match change:
        case "in front":
            leaves.insert(0, ["示例", "示例"])
        case "first taken out":
            leaves.pop(0)
        case "renamed":
            leaves[0] = ["水质新名", *leaves[0][1:]]
        case "at the end":
            leaves.append(["示例", "示例"])
    return list(loader.category_rows(tree))


@pytest.mark.parametrize("change", ["in front", "first taken out"])
async def test_a_category_with_cases_never_becomes_another(
    db: Database, service: CaseService, people: People, change: str
) -> None:
    async with db.begin() as tx:
        await loader._refuse_moved(tx, _changed(change))
        await service.accept(tx, new_case(), people.agent)
    with pytest.raises(BadSetting):
        async with db.begin() as tx:
            await loader._refuse_moved(tx, _changed(change))


@pytest.mark.parametrize("change", ["renamed", "at the end"])
async def test_a_new_name_and_a_new_category_at_the_end_are_taken(
    db: Database, service: CaseService, people: People, change: str
) -> None:
    async with db.begin() as tx:
        await service.accept(tx, new_case(), people.agent)
        await loader._refuse_moved(tx, _changed(change))


async def test_loading_again_changes_nothing(
    db: Database, service: CaseService, people: People
) -> None:
    async with db.begin() as tx:
        await service.accept(tx, new_case(), people.agent)
        await loader.load(tx)
        found = await tx.execute(text("SELECT code, path FROM categories"))
        assert dict(found.all()) == {row["code"]: row["path"] for row in _rows()}
