"""Lists that answer 'what now?': the department's inbox, the centre's review, all cases, search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Response, get
from litestar.response import Redirect

from agents.answers import AnyRequest, desk_of
from agents.words import words_of
from cases import queries
from cases.lookup import case_number
from cases.model import STATE_NAMES, State
from directory import queries as directory
from rexian.kernel.access import Permission, may
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound
from rexian.kernel.web import actor_of, page, requires, wants_json
from rexian.kernel.web import gettext as _

LISTED = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of a list: its code, words and how many rows it has."""

    code: str
    name: str
    count: int


def row_json(row: queries.CaseRow) -> dict[str, Any]:
    """A row for a program."""
    return {
        "id": row.id,
        "number": row.number,
        "kind": row.kind,
        "category": row.category,
        "state": row.state,
        "title": row.title,
        "lead": row.lead,
        "due_at": row.due_at.isoformat() if row.due_at else None,
    }


@get("/inbox", guards=[requires(Permission.HANDLE_CASES)])
async def inbox(request: AnyRequest) -> Response[Any]:
    """The department's cases: to sign, in work (the first due first), answered."""
    desk, actor = desk_of(request), actor_of(request)
    async with desk.db.begin() as tx:
        waiting = await queries.inbox(tx, actor)
        finished = await queries.inbox(tx, actor, finished=True, limit=LISTED)
        bodies = {one.code: one.name for one in await directory.departments(tx)}
    if wants_json(request):
        return Response({"items": [row_json(row) for row in waiting]})
    unsigned = [row for row in waiting if row.state == State.DISPATCHED]
    signed = [row for row in waiting if row.state == State.SIGNED]
    views = {"open": waiting, "unsigned": unsigned, "signed": signed, "answered": finished}
    show = _shown(request, views, "open")
    return page(
        request,
        "agents/inbox.html",
        rows=views[show],
        show=show,
        tabs=[
            Tab("open", _("全部待办"), len(waiting)),
            Tab("unsigned", _("待签收"), len(unsigned)),
            Tab("signed", _("办理中"), len(signed)),
            Tab("answered", _("已答复"), len(finished)),
        ],
        department=actor.department,
        department_name=bodies.get(actor.department or "", actor.department or ""),
        **words_of(desk),
    )


@get("/review", guards=[requires(Permission.REVIEW_CASES)])
async def review(request: AnyRequest) -> Response[Any]:
    """What waits for the centre: replies to review, approved cases to close, undispatched ones."""
    desk, actor = desk_of(request), actor_of(request)
    async with desk.db.begin() as tx:
        waiting = await queries.review_list(tx, actor)
        undispatched = await queries.recent(tx, actor, states=(State.ACCEPTED.value,), limit=LISTED)
    if wants_json(request):
        return Response({"items": [row_json(row) for row in waiting]})
    replied = [row for row in waiting if row.state == State.REPLIED]
    approved = [row for row in waiting if row.state == State.APPROVED]
    views = {"replied": replied, "approved": approved, "accepted": undispatched}
    show = _shown(request, views, "replied")
    return page(
        request,
        "agents/review.html",
        rows=views[show],
        show=show,
        tabs=[
            Tab("replied", _("待审核"), len(replied)),
            Tab("approved", _("待办结"), len(approved)),
            Tab("accepted", _("未派单"), len(undispatched)),
        ],
        **words_of(desk),
    )


def _shown(request: AnyRequest, views: dict[str, list[queries.CaseRow]], usual: str) -> str:
    asked = request.query_params.get("show", usual)
    return asked if asked in views else usual


@get("/cases", guards=[requires(Permission.READ_CASES)])
async def cases(request: AnyRequest) -> Response[Any]:
    """The newest cases the asker may see, narrowed by state, promise and words."""
    desk, actor = desk_of(request), actor_of(request)
    asked = request.query_params
    state, due, words = asked.get("state", ""), asked.get("due", ""), asked.get("q", "")[:100]
    states = (state,) if state in list(State) else ()
    async with desk.db.begin() as tx:
        rows = await queries.recent(
            tx, actor, states=states, due=due, words=words, at=desk.clock.now(), limit=LISTED
        )
    if wants_json(request):
        return Response({"items": [row_json(row) for row in rows]})
    return page(
        request,
        "agents/cases.html",
        rows=rows,
        q=words,
        state=state,
        due=due,
        states=[(one.value, _(name)) for one, name in STATE_NAMES.items() if one is not State.NEW],
        most=LISTED,
        **words_of(desk),
    )


@get("/search", guards=[requires(Permission.READ_CASES)], include_in_schema=False)
async def search(request: AnyRequest) -> Redirect:
    """The search line: a case number opens the case, other words search cases and knowledge."""
    actor = actor_of(request)
    words = request.query_params.get("q", "").strip()[:100]
    number = case_number(words)
    if number and await _seen(request, number, actor):
        return Redirect(f"/cases/{number}", status_code=303)
    where = "/cases" if number or not may(actor, Permission.READ_KNOWLEDGE) else "/knowledge"
    return Redirect(f"{where}?q={quote(words)}", status_code=303)


async def _seen(request: AnyRequest, number: str, actor: Actor) -> bool:
    try:
        await desk_of(request).cases.page(number, actor)
    except NotFound:
        return False
    return True


HANDLERS = (inbox, review, cases, search)
