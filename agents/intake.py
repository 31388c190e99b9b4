"""Taking a request down: accept and dispatch, accept and answer, or accept alone, in one action.

One transaction holds the case, its number, its dispatch and the end of the draft. The form's token
makes a form sent twice give the same case.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from agents import drafts
from agents.answers import AnyRequest, Desk, desk_of, mendable, sentences
from agents.screen import desk_screen
from cases.model import AnswerDirectly, Case, Dispatch, State
from cases.service import NewCase
from rexian.kernel.access import Permission
from rexian.kernel.actor import Actor
from rexian.kernel.errors import BadInput, RexianError
from rexian.kernel.web import FormValues, actor_of, done, form_values, requires, wants_json
from rexian.kernel.web import gettext as _

ACTIONS = ("dispatch", "answer", "accept")
FIELDS = frozenset(
    {"kind", "category", "text", "township", "address", "citizen_name", "department", "answer"}
)
LONGEST_FORM_TEXT = 200_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A case just taken down and what was done with it."""

    case: Case
    place: str


def place_of(values: FormValues) -> str:
    """Where the draft of this form lives."""
    return values.get("contact", "") or "new"


def missing(values: FormValues, action: str) -> dict[str, str]:
    """What still has to be filled in for this action: field → sentence, in the form's order."""
    needed = {
        "kind": _("请选择诉求类型（按 1 至 6）。"),
        "text": _("请写下来电人的诉求。"),
        "category": _("请选择分类；建议合适时按 Alt A 采用。"),
    }
    if action == "dispatch":
        needed["department"] = _("请选择主办单位；建议合适时按 Alt A 采用。")
    if action == "answer":
        needed["answer"] = _("请写下给来电人的答复（Alt R）。")
    return {field: sentence for field, sentence in needed.items() if not values.get(field)}


def new_case(values: FormValues) -> NewCase:
    """Read the form. Raises `BadInput` at the field."""
    return NewCase(
        kind=values.text("kind"),
        category=values.text("category"),
        text=values.text("text", limit=LONGEST_FORM_TEXT),
        form_token=values.text("form_token", limit=100) or secrets.token_urlsafe(24),
        line=values.text("line", limit=10) or "12345",
        township=values.text("township"),
        address=values.text("address", limit=1000),
        confidential=values.flag("confidential"),
        contact_id=values.text("contact", limit=64) or None,
        name=values.text("citizen_name", limit=100),
        tier=values.text("tier"),
    )


async def take_down(desk: Desk, values: FormValues, actor: Actor) -> Taken:
    """Accept the case of a form and do its action, in one transaction.

    Raises `BadInput` at the field, `NotAllowed`, `Forbidden`; then nothing was written.
    """
    action = values.get("action", "") or "dispatch"
    if action not in ACTIONS:
        raise BadInput(_("没有这个操作。"), field="action")
    lacking = missing(values, action)
    if lacking:
        field, sentence = next(iter(lacking.items()))
        raise BadInput(sentence, field=field, missing=lacking)
    new = new_case(values)
    async with desk.db.begin() as tx:
        case = await desk.cases.accept(tx, new, actor)
        if case.state is State.ACCEPTED:
            case = await _act(tx, desk, case, action, values, actor)
        await drafts.drop(tx, actor, place_of(values))
    return Taken(case, place_of(values))


async def _act(
    tx: AsyncConnection, desk: Desk, case: Case, action: str, values: FormValues, actor: Actor
) -> Case:
    if action == "dispatch":
        supports = tuple(one for one in values.get("supports", "").split(",") if one)
        command = Dispatch(
            values.text("department"), supports, note=values.text("note", limit=2000)
        )
        return await desk.cases.handle_in(tx, case.id, command, actor)
    if action == "answer":
        answer = AnswerDirectly(values.text("answer", limit=LONGEST_FORM_TEXT))
        return await desk.cases.handle_in(tx, case.id, answer, actor)
    return case


@post("/desk/cases", guards=[requires(Permission.ACCEPT_CASES)], status_code=200)
async def take(request: AnyRequest) -> Response[Any]:
    """Accept a case and do its action: `dispatch` (the default), `answer` or `accept` alone.

    Form or JSON: kind, category, text, township, address, confidential,
    citizen_name, contact, department, supports, note, answer, tier, action, form_token.
    """
    actor = actor_of(request)
    desk = desk_of(request)
    values = await form_values(request)
    try:
        taken = await take_down(desk, values, actor)
    except RexianError as error:
        if wants_json(request) or not mendable(error):
            raise
        return await desk_screen(
            request,
            contact=values.get("contact", ""),
            values=values,
            errors=error.details.get("missing") or sentences(error, FIELDS),
            status=error.status,
        )
    return done(
        request,
        f"/desk?accepted={taken.case.id}&place={taken.place}",
        json=case_json(taken.case),
        status=201,
    )


def case_json(case: Case) -> dict[str, Any]:
    """The case for a program: no text and no person."""
    return {
        "id": case.id,
        "number": case.number,
        "state": case.state.value,
        "tier": case.tier.value,
        "lead": case.lead,
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "provisional": case.provisional,
    }
