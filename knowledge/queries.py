"""Finding and reading knowledge articles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.ranking import Piece, marked, score, snippet
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound
from rexian.kernel.search import tsquery_text

CANDIDATES = 100
LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True)
class Article:
    """A published article. `review_on` is the day by which it must be looked at again."""

    id: str
    title: str
    summary: str
    body: str
    keywords: tuple[str, ...]
    category: str | None
    category_path: str
    department: str | None
    department_name: str
    published_on: date
    review_on: date
    source: str
    version: int

    def is_due(self, today: date) -> bool:
        """Whether the article waits for its review: what it says may be out of date."""
        return today >= self.review_on


@dataclass(frozen=True, slots=True)
class Hit:
    """An article found, with the words asked for marked in title and snippet."""

    article: Article
    score: float
    title: list[Piece]
    snippet: list[Piece]


_SELECT = """
    SELECT a.id, a.title, a.summary, a.body, a.keywords, a.category,
        a.category_path, a.department,
        coalesce(d.short_name, '') AS department_name, a.published_on, a.review_on, a.source,
        a.version
    FROM articles a LEFT JOIN departments d ON d.code = a.department
"""


async def search(
    tx: AsyncConnection, query: str, actor: Actor, limit: int = 5, *, loose: bool = False
) -> list[Hit]:
    """Return the articles that answer `query`, best first; words of one character work too.

    All words must occur; where that finds nothing, or with `loose` (for a suggestion from a
    longer text), any of them. An empty query finds nothing. Raises `Forbidden`.
    """
    require(actor, Permission.READ_KNOWLEDGE)
    query = query.replace("\x00", "")[:LONGEST_QUERY]
    rows: list[Row[Any]] = []
    for any_of in (True,) if loose else (False, True):
        wanted = tsquery_text(query, any_of=any_of)
        if wanted and not rows:
            rows = list(await _candidates(tx, wanted))
    hits = [_hit(_article(row), query) for row in rows]
    return sorted(hits, key=lambda hit: (-hit.score, hit.article.id))[:limit]


async def _candidates(tx: AsyncConnection, wanted: str) -> list[Row[Any]]:
    found = await tx.execute(
        text(
            _SELECT
            + """
            WHERE a.state = 'published' AND a.search @@ to_tsquery('simple', :wanted)
            ORDER BY ts_rank(a.search, to_tsquery('simple', :wanted)) DESC LIMIT :n
            """
        ),
        {"wanted": wanted, "n": CANDIDATES},
    )
    return list(found.all())


def _hit(article: Article, query: str) -> Hit:
    keywords = "、".join(article.keywords)
    about = [*article.keywords, article.summary]
    points = score(query, title=article.title, keywords=about, body=article.body)
    cuts = [snippet(place, query) for place in (article.body, article.summary, keywords)]
    best = next((cut for cut in cuts if any(piece.hit for piece in cut)), cuts[0])
    return Hit(article, points, marked(article.title, query), best)


async def of_category(
    tx: AsyncConnection, category: str, actor: Actor, limit: int = 5
) -> list[Article]:
    """Return the articles about a category or its group, the category's own first."""
    require(actor, Permission.READ_KNOWLEDGE)
    found = await tx.execute(
        text(
            _SELECT
            + """
            WHERE a.state = 'published' AND left(a.category, 4) = left(:category, 4)
            ORDER BY (a.category = :category) DESC, a.id LIMIT :limit
            """
        ),
        {"category": category, "limit": limit},
    )
    return [_article(row) for row in found]


async def everything(tx: AsyncConnection, actor: Actor) -> list[Article]:
    """Return all published articles by category, for the list page."""
    require(actor, Permission.READ_KNOWLEDGE)
    found = await tx.execute(
        text(_SELECT + " WHERE a.state = 'published' ORDER BY a.category, a.id")
    )
    return [_article(row) for row in found]


async def article(tx: AsyncConnection, article_id: str, actor: Actor) -> Article:
    """Return one published article. Raises `NotFound`."""
    require(actor, Permission.READ_KNOWLEDGE)
    found = await tx.execute(
        text(_SELECT + " WHERE a.state = 'published' AND a.id = :id"),
        {"id": article_id.replace("\x00", "")},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("没有这篇知识，或已撤下。")
    return _article(row)


def _article(row: Row[Any]) -> Article:
    return Article(
        row.id,
        row.title,
        row.summary,
        row.body,
        tuple(row.keywords),
        row.category,
        row.category_path,
        row.department,
        row.department_name,
        row.published_on,
        row.review_on,
        row.source,
        row.version,
    )
