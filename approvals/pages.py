"""Pages of approval results: the list, and one result with the proofs of who was told."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery

from approvals import queries
from approvals.model import RESULT_NAMES, Approval, Result
from approvals.ports import NoticeShown, Proofs
from rexian.kernel import phone
from rexian.kernel.access import Permission, may
from rexian.kernel.actor import Actor
from rexian.kernel.web import NavItem, actor_of, page, requires, wants_json

AnyRequest = Request[Any, Any, Any]
NAV = (NavItem("/approvals", "审批", Permission.READ_APPROVALS),)
RESULT_TONES = {Result.GRANTED: "ok", Result.REFUSED: "bad", Result.SUPPLEMENT: "warn"}
STATE_TONES = {"delivered": "ok", "sent": "info", "failed": "bad", "uncertain": "warn"}


def router(proofs: Proofs) -> Router:
    """The room's pages; `proofs` gives the notices of an approval."""

    @get(["", "list.json"])
    async def approval_list(request: AnyRequest, words: FromQuery[str] = "") -> Response[Any]:
        """List the newest results, with `words` in reference or matter."""
        async with request.app.state.services.db.begin() as tx:
            found = await queries.recent(tx, actor_of(request), words=words[:100])
        if wants_json(request):
            items = [_as_json(one) for one in found]
            return Response({"items": items}, media_type=MediaType.JSON)
        return page(
            request,
            "approvals/list.html",
            approvals=found,
            words=words,
            names=RESULT_NAMES,
            tones=RESULT_TONES,
        )

    @get("/{approval_id:str}")
    async def approval_page(request: AnyRequest, approval_id: FromPath[str]) -> Response[Any]:
        """Show one result and what proves that the applicant was told."""
        actor = actor_of(request)
        async with request.app.state.services.db.begin() as tx:
            approval = await queries.get(tx, approval_id.removesuffix(".json"), actor)
            notices = await proofs(tx, approval.id)
        if wants_json(request):
            body = _as_json(approval) | {"notices": [_notice_json(one) for one in notices]}
            return Response(body, media_type=MediaType.JSON)
        return page(
            request,
            "approvals/one.html",
            approval=approval,
            applicant=_applicant(approval, actor),
            notices=notices,
            names=RESULT_NAMES,
            tones=RESULT_TONES,
            state_tones=STATE_TONES,
        )

    return Router(
        "/approvals",
        route_handlers=[approval_list, approval_page],
        guards=[requires(Permission.READ_APPROVALS)],
        include_in_schema=False,
    )


def _applicant(approval: Approval, actor: Actor) -> dict[str, str]:
    """Name and addresses: whole for who may read citizens, masked for the rest."""
    whole = may(actor, Permission.READ_CITIZENS)
    name, _, host = approval.email.partition("@")
    mail = approval.email if whole or not approval.email else f"{name[:1]}***@{host}"
    return {
        "name": approval.applicant if whole else approval.applicant[:1] + "**",
        "phone": _number(approval.phone, whole=whole),
        "fax": _number(approval.fax, whole=whole),
        "email": mail,
    }


def _number(number: str, *, whole: bool) -> str:
    if not number:
        return ""
    found = phone.parse(number)
    return found.display if whole else found.masked()


def _as_json(approval: Approval) -> dict[str, Any]:
    return {
        "id": approval.id,
        "system": approval.system,
        "reference": approval.reference,
        "matter": approval.matter,
        "result": approval.result.value,
        "department": approval.department,
        "decided_at": approval.decided_at.isoformat(),
        "received_at": approval.received_at.isoformat(),
    }


def _notice_json(notice: NoticeShown) -> dict[str, Any]:
    return {
        "channel": notice.channel_name,
        "state": str(notice.state),
        "sent_at": notice.sent_at.isoformat() if notice.sent_at else None,
        "settled_at": notice.settled_at.isoformat() if notice.settled_at else None,
        "proof": notice.proof,
        "parts": [
            {
                "number": part.number,
                "total": part.total,
                "carrier_message_id": part.carrier_message_id,
                "receipt": part.receipt_name,
            }
            for part in notice.parts
        ],
    }
