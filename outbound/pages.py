"""The page of notices that need a person: what failed, and what may or may not have gone out."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from outbound import queries
from outbound.model import Decision
from outbound.service import resolve, try_again
from rexian.kernel import work_left
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
#: Kinds of work in the words of the centre; one not listed is shown by its kind.
WORK_NAMES = {
    "outbound.sms": "发送短信",
    "outbound.fax": "发送传真",
    "outbound.mail": "发送邮件",
    "outbound.letter": "打印信函",
    "outbound.inbound_incomplete": "接收不完整的短信",
    "exchange.inbox": "导入审批结果",
    "hotspot.recompute": "热点分析",
    "audit.root": "事件日志签名",
    "web.sessions": "清理登录会话",
    "cases.deadlines": "统计办理期限",
    "kept.purge": "清理过期记录",
    "calls.seat": "坐席操作",
    "calls.originate": "外呼",
}


@get(["", "list.json"])
async def notice_list(request: AnyRequest) -> Response[Any]:
    """List what is uncertain or failed and waits for a decision."""
    async with request.app.state.services.db.begin() as tx:
        found = await queries.needing_decision(tx, actor_of(request))
        left = await work_left.given_up(tx)
    if wants_json(request):
        items = [{"id": one.id, "state": one.state, "channel": one.channel} for one in found]
        work = [{"id": one.id, "kind": one.kind, "error": one.error} for one in left]
        return Response({"items": items, "work": work}, media_type=MediaType.JSON)
    return page(
        request,
        "outbound/notices.html",
        notices=found,
        tones=TONES,
        subjects=SUBJECTS,
        work=left,
        work_names=WORK_NAMES,
    )


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


@post("/work/{work_id:int}/again")
async def again(request: AnyRequest, work_id: FromPath[int]) -> Response[Any]:
    """Have work tried again that was given up."""
    services = request.app.state.services
    async with services.db.begin() as tx:
        await try_again(tx, work_id, actor_of(request), at=services.clock.now())
    return done(request, "/notices", notice=gettext("已安排重试。"))


router = Router(
    "/notices",
    route_handlers=[notice_list, decide, again],
    guards=[requires(Permission.RESOLVE_NOTICES)],
    include_in_schema=False,
)
