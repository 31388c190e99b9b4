"""Load the seed articles; running it again changes only what differs in the files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel import events
from rexian.kernel.actor import Actor
from rexian.kernel.search import tsvector_text

FOLDER = Path(__file__).parent / "seed"


def articles() -> list[dict[str, Any]]:
    """Return all seed articles, in the order of their files' names."""
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
        found.extend(loaded["articles"])
    return found


async def load(tx: AsyncConnection, categories: Mapping[str, str], at: datetime) -> None:
    """Insert the articles that are new and update those that changed.

    `categories` gives the code of a category by its path. Raises `KeyError` for an unknown path.
    """
    for article in articles():
        await put(tx, article, categories[article["category"]], at)


async def put(tx: AsyncConnection, article: dict[str, Any], category: str, at: datetime) -> None:
    """Publish one article about the category with this code; nothing happens when it is as it was.

    Each change makes a new version and an event.
    """
    found = await tx.execute(
        text("""
            INSERT INTO articles (id, title, summary, body, keywords, category, category_path,
                department, state, published_on, review_on, source, search)
            VALUES (:id, :title, :summary, :body, :keywords,
                :category, :path, :department, 'published',
                :published, :review, :source,
                setweight(to_tsvector('simple', :t), 'A')
                    || setweight(to_tsvector('simple', :k), 'B')
                    || setweight(to_tsvector('simple', :b), 'C'))
            ON CONFLICT (id) DO UPDATE SET title = excluded.title, summary = excluded.summary,
                body = excluded.body, keywords = excluded.keywords, category = excluded.category,
                category_path = excluded.category_path, department = excluded.department,
                published_on = excluded.published_on,
                review_on = excluded.review_on,
                source = excluded.source, search = excluded.search, version = articles.version + 1
            WHERE (articles.title, articles.summary, articles.body, articles.keywords,
                    articles.category_path, articles.department, articles.review_on)
                IS DISTINCT FROM (excluded.title, excluded.summary, excluded.body,
                    excluded.keywords, excluded.category_path, excluded.department,
                    excluded.review_on)
            RETURNING version
        """),
        {
            "id": article["id"],
            "title": article["title"],
            "summary": article["summary"],
            "body": article["body"].strip(),
            "keywords": article["keywords"],
            "category": category,
            "path": article["category"],
            "department": article["department"],
            "published": date.fromisoformat(str(article["published_on"])),
            "review": date.fromisoformat(str(article["review_on"])),
            "source": article["source"],
            "t": tsvector_text(article["title"]),
            "k": tsvector_text(" ".join([*article["keywords"], article["summary"]])),
            "b": tsvector_text(article["body"]),
        },
    )
    version = found.scalar_one_or_none()
    if version is not None:
        payload = {"version": version, "text": await events.text_hash(tx, article["body"])}
        await events.append(
            tx,
            events.Subject("article", article["id"]),
            [events.NewEvent("article.published", payload)],
            actor=Actor.system("seed"),
            at=at,
        )
