"""Search in the knowledge base."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from knowledge.loader import articles, load, put
from knowledge.queries import article, everything, of_category, search
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import Forbidden, NotFound
from rexian.kernel.events import Subject, history

AGENT = Actor("user", "a", Role.AGENT)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("停水", "K-0001"),
        ("漏气", "K-0002"),
        ("噪声", "K-0003"),
        ("公积金", "K-0004"),
        ("异地就医备案", "K-0005"),
        ("居民医保缴费", "K-0006"),
        ("户口", "K-0007"),
        ("身份证丢了怎么补办", "K-0008"),
        ("欠薪", "K-0009"),
        ("健身房跑路", "K-0010"),
        ("物业", "K-0011"),
        ("转学", "K-0012"),
    ],
)
async def test_the_right_article_comes_first(db: Database, query: str, first: str) -> None:
    async with db.begin() as tx:
        hits = await search(tx, query, AGENT)
    assert hits[0].article.id == first
    assert any(piece.hit for piece in hits[0].title + hits[0].snippet)


@pytest.mark.parametrize("query", ["水", "税", "狗"])
async def test_words_of_one_character_find_exactly_the_articles_that_hold_them(
    db: Database, query: str
) -> None:
    async with db.begin() as tx:
        found = {hit.article.id for hit in await search(tx, query, AGENT, limit=50)}
        holding = {
            a.id
            for a in await everything(tx, AGENT)
            if query in a.title + a.summary + a.body + " ".join(a.keywords)
        }
    assert found == holding


@pytest.mark.parametrize("query", ["", "   ", "!!!", "' | *", "\x00", "a & b | !c", "魑魅魍魉"])
async def test_a_query_that_says_nothing_finds_nothing_and_breaks_nothing(
    db: Database, query: str
) -> None:
    async with db.begin() as tx:
        assert await search(tx, query, AGENT) == []


async def test_a_long_text_finds_by_any_of_its_words(db: Database) -> None:
    async with db.begin() as tx:
        hits = await search(tx, "我家住花果园，楼上半夜装修太吵，噪音扰民" * 50, AGENT, loose=True)
    assert hits[0].article.id == "K-0003"


async def test_articles_are_read_by_category_and_by_id_and_wait_for_review(db: Database) -> None:
    async with db.begin() as tx:
        about_water = await of_category(tx, "010101", AGENT)
        assert [a.id for a in about_water] == ["K-0001"]
        found = await article(tx, "K-0001", AGENT)
        with pytest.raises(NotFound):
            await article(tx, "K-9999", AGENT)
        with pytest.raises(Forbidden):
            await article(tx, "K-0001", Actor.citizen("c"))
    assert found.department_name == "市水务局"
    assert not found.is_due(found.published_on)
    assert found.is_due(found.review_on)


async def test_the_search_uses_its_index(db: Database) -> None:
    async with db.begin() as tx:
        await tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await tx.execute(
            text("EXPLAIN SELECT id FROM articles WHERE search @@ to_tsquery('simple', '''停水''')")
        )
        assert "articles_search" in str(list(plan))


async def test_loading_again_changes_nothing_and_a_change_is_a_version_and_an_event(
    db: Database, clock: FixedClock
) -> None:
    changed = {**articles()[0], "body": "改过的正文，停水时先看公告。"}
    async with db.begin() as tx:
        await load(tx, {a["category"]: "010102" for a in articles()}, clock.now())
        first = await history(tx, Subject("article", "K-0001"))
        await put(tx, changed, "010102", clock.now())
        second = await history(tx, Subject("article", "K-0001"))
        assert (await article(tx, "K-0001", AGENT)).version == 2
        assert [hit.article.id for hit in await search(tx, "改过", AGENT)] == ["K-0001"]
    assert [e.payload["version"] for e in first] == [1]
    assert [e.payload["version"] for e in second] == [1, 2]
