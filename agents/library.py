"""The knowledge pages: find and read an article."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from agents.answers import AnyRequest, desk_of
from knowledge import queries
from rexian.kernel.access import Permission
from rexian.kernel.clock import local
from rexian.kernel.web import actor_of, page, requires, wants_json

READS = [requires(Permission.READ_KNOWLEDGE)]
FOUND = 30


@get("/knowledge", guards=READS)
async def knowledge(request: AnyRequest) -> Response[Any]:
    """Articles that answer `q`, or all of them by category."""
    desk, actor = desk_of(request), actor_of(request)
    words = request.query_params.get("q", "").strip()[:100]
    async with desk.db.begin() as tx:
        hits = await queries.search(tx, words, actor, FOUND) if words else []
        everything = [] if words else await queries.everything(tx, actor)
    articles = [hit.article for hit in hits] or everything
    if wants_json(request):
        return Response({"items": [{"id": one.id, "title": one.title} for one in articles]})
    return page(request, "agents/knowledge.html", q=words, hits=hits, everything=everything)


@get("/knowledge/{article_id:str}", guards=READS)
async def article(request: AnyRequest, article_id: FromPath[str]) -> Response[Any]:
    """One article."""
    desk, actor = desk_of(request), actor_of(request)
    async with desk.db.begin() as tx:
        found = await queries.article(tx, article_id, actor)
    today = local(desk.clock.now()).date()
    if wants_json(request):
        return Response({"id": found.id, "title": found.title, "body": found.body})
    return page(request, "agents/article.html", article=found, expired=found.is_due(today))


HANDLERS = (knowledge, article)
