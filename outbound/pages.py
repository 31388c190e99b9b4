"""The page of notices that need a person: what failed, and what may or may not have gone out."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from outbound import queries
from outbound.model import Decision
from outbound.service import resolve
from rexian.kernel.access import Permission
from rexian.kernel.errors import BadInput
from rexian.kernel.web import (
    NavItem,
    actor_of,
    done,
    form_values,
    gettext,
    page,
    requires,
    wants_json,
)

AnyRequest = Request[Any, Any, Any]
NAV = (NavItem("/notices", "通知", Permission.RESOLVE_NOTICES),)
TONES = {"failed": "bad", "uncertain": "warn"}
SUBJECTS = {"case": "/cases/", "approval": "/approvals/"}


@get(["", "list.json"])
async def notice_list(request: AnyRequest) -> Response[Any]:
    """List what is uncertain or failed and waits for a decision."""
    async with request.app.state.services.db.begin() as tx:
        found = await queries.needing_decision(tx, actor_of(request))
    if wants_json(request):
        items = [{"id": one.id, "state": one.state, "channel": one.channel} for one in found]
        return Response({"items": items}, media_type=MediaType.JSON)
    return page(request, "outbound/notices.html", notices=found, tones=TONES, subjects=SUBJECTS)


@post("/{message_id:str}/decide")
async def decide(request: AnyRequest, message_id: FromPath[str]) -> Response[Any]:
    """Take a message as sent, or have it sent again."""
    values = await form_values(request)
    try:
        decision = Decision(values.get("decision", ""))
    except ValueError as error:
        raise BadInput(gettext("请选择如何处理。"), field="decision") from error
    services = request.app.state.services
    async with services.db.begin() as tx:
        await resolve(tx, message_id, decision, actor_of(request), at=services.clock.now())
    return done(request, "/notices", notice=gettext("已记录您的决定。"))


router = Router(
    "/notices",
    route_handlers=[notice_list, decide],
    guards=[requires(Permission.RESOLVE_NOTICES)],
    include_in_schema=False,
)
