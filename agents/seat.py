"""The agent's page, the seat's state, the live call, and drafts."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from agents import drafts
from agents.answers import AnyRequest, desk_of
from agents.screen import desk_screen, pulse_context, seat_context
from agents.words import words_of
from calls import service as calls
from calls.model import SeatAction
from rexian.kernel.access import Permission
from rexian.kernel.errors import BadInput, NotAllowed, NotFound
from rexian.kernel.web import actor_of, form_values, partial, requires, wants_json
from rexian.kernel.web import gettext as _

TAKES_CALLS = [requires(Permission.TAKE_CALLS)]
ACCEPTS = [requires(Permission.ACCEPT_CASES)]


@get("/desk", guards=ACCEPTS, include_in_schema=False)
async def desk_page(request: AnyRequest) -> Response[Any]:
    """The call screen; `?contact=` opens the form of an earlier contact."""
    return await desk_screen(request, contact=request.query_params.get("contact", "")[:80])


@get("/desk/call", guards=ACCEPTS, include_in_schema=False)
async def call_part(request: AnyRequest) -> Response[Any]:
    """The bar and, out of band, the caller's column, unless the form is another contact's."""
    desk, actor = desk_of(request), actor_of(request)
    async with desk.db.begin() as tx:
        context = await seat_context(tx, desk, actor)
        call = context["call"]
        others = await drafts.unfinished(tx, actor, besides=call.id if call else "new")
    asked = request.query_params.get("contact", "")
    return partial(
        request,
        "agents/call_part.html",
        drafts=others,
        whole=not asked or call is None or asked == call.id,
        **words_of(desk),
        **context,
    )


@get("/desk/call.json", guards=TAKES_CALLS)
async def call_json(request: AnyRequest) -> Response[dict[str, Any]]:
    """The seat's state and its call: id, times, the caller's number and earlier cases."""
    desk, actor = desk_of(request), actor_of(request)
    async with desk.db.begin() as tx:
        context = await seat_context(tx, desk, actor)
    call, caller = context["call"], context["caller"]
    body: dict[str, Any] = {"seat": actor.seat, "state": context["seat"].value, "call": None}
    if call:
        body["call"] = {
            "id": call.id,
            "line": call.line,
            "started_at": _iso(call.started_at),
            "queued_at": _iso(call.queued_at),
            "answered_at": _iso(call.answered_at),
            "ended_at": _iso(call.ended_at),
            "number": caller.pop.contact.number if caller else "",
            "area": caller.pop.citizen.area if caller else "",
            "contacts_before": len(caller.earlier) if caller else 0,
            "cases": [{"id": row.id, "number": row.number} for row in caller.cases]
            if caller
            else [],
        }
    return Response(body, headers={"Cache-Control": "no-store"})


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None


@get("/desk/pulse", guards=ACCEPTS, include_in_schema=False)
async def pulse_part(request: AnyRequest) -> Response[Any]:
    """The bottom line: the centre now."""
    desk, actor = desk_of(request), actor_of(request)
    async with desk.db.begin() as tx:
        context = await pulse_context(tx, desk, actor)
    return partial(request, "agents/pulse.html", **context)


@post("/desk/seat/{action:str}", guards=TAKES_CALLS, status_code=200)
async def seat_action(request: AnyRequest, action: FromPath[str]) -> Response[Any]:
    """Ask the telephones for sign_in, ready, pause, sign_out or hang_up at the own seat."""
    desk, actor = desk_of(request), actor_of(request)
    if action not in list(SeatAction):
        raise NotFound
    if actor.seat is None:
        raise NotAllowed(_("您没有分配座席，请班长分配后再就绪。"), rule="seat")
    async with desk.db.begin() as tx:
        await calls.request_seat(tx, actor.seat, action, at=desk.clock.now())
    if wants_json(request):
        return Response({"seat": actor.seat, "asked": action})
    return Response(None, status_code=204)


@post("/desk/drafts", guards=[requires(Permission.READ_CASES)], status_code=200)
async def save_draft(request: AnyRequest) -> Response[dict[str, Any]]:
    """Keep what is typed: `place`, and `fields` as a JSON object in text."""
    desk, actor = desk_of(request), actor_of(request)
    values = await form_values(request)
    if "place" not in values:
        raise BadInput(_("草稿没有说明属于哪里。"), field="place")
    at = desk.clock.now()
    async with desk.db.begin() as tx:
        await drafts.save(
            tx, actor, values["place"], drafts.parse_fields(values.get("fields", "{}")), at
        )
    return Response({"saved_at": at.isoformat()})


HANDLERS = (desk_page, call_part, call_json, pulse_part, seat_action, save_draft)
