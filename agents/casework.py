"""The case page and what may be done on it: dispatch, sign, reply, review, close, listen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import File

from agents import drafts
from agents.answers import AnyRequest, desk_of, mendable, sentences
from agents.case_view import case_context
from agents.intake import case_json
from cases.deadlines import Tier
from cases.model import Close, Command, Dispatch, Reply, Review, Sign, Verdict
from contacts import recordings
from rexian.kernel.access import Permission
from rexian.kernel.actor import Actor
from rexian.kernel.errors import BadInput, NotFound, RexianError
from rexian.kernel.web import (
    FormValues,
    actor_of,
    done,
    form_values,
    page,
    partial,
    requires,
    wants_json,
)
from rexian.kernel.web import gettext as _

FIELDS = frozenset({"department", "tier", "note", "public", "internal", "comment", "reason"})
LONGEST = 200_000
READS = [requires(Permission.READ_CASES)]


async def _show(
    request: AnyRequest,
    case_id: str,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    desk, actor = desk_of(request), actor_of(request)
    context = await case_context(desk, case_id, actor)
    if values is None:
        async with desk.db.begin() as tx:
            draft = await drafts.load(tx, actor, f"reply-{context['case'].id}")
        values = draft.fields if draft else {}
        context["saved_at"] = draft.saved_at if draft else None
    return page(
        request,
        "agents/case.html",
        status=status,
        **({"saved_at": None} | context | {"values": dict(values), "errors": dict(errors or {})}),
    )


@get("/cases/{case_id:str}", guards=READS)
async def case_page(request: AnyRequest, case_id: FromPath[str]) -> Response[Any]:
    """A case by its id or number, as the asker may see it."""
    if wants_json(request):
        seen = await desk_of(request).cases.page(case_id, actor_of(request))
        return Response(
            {
                "id": seen.id,
                "number": seen.number,
                "state": seen.state,
                "kind": seen.kind,
                "category": seen.category,
                "lead": seen.lead,
                "due_at": seen.due_at.isoformat() if seen.due_at else None,
                "closed_at": seen.closed_at.isoformat() if seen.closed_at else None,
                "verbs": list(seen.verbs),
                "history": [
                    {"at": one.at.isoformat(), "type": one.type, "mark": one.mark}
                    for one in seen.history
                ],
            }
        )
    return await _show(request, case_id)


async def _do(
    request: AnyRequest, case_id: str, values: FormValues, commands: list[Command], notice: str
) -> Response[Any]:
    """Do all commands or none; the page comes back with a sentence when one is refused."""
    desk, actor = desk_of(request), actor_of(request)
    seen = await desk.cases.page(case_id, actor)
    try:
        async with desk.db.begin() as tx:
            cases = [await desk.cases.handle_in(tx, seen.id, one, actor) for one in commands]
            await drafts.drop(tx, actor, f"reply-{seen.id}")
    except RexianError as error:
        if wants_json(request) or not mendable(error):
            raise
        return await _show(
            request,
            case_id,
            values=values,
            errors=sentences(error, FIELDS),
            status=error.status,
        )
    back = values.get("back", "")
    target = back if back in {"/inbox", "/review"} else f"/cases/{seen.id}"
    return done(request, target, json=case_json(cases[-1]), notice=notice)


def _own(actor: Actor, values: FormValues) -> str:
    return actor.department or values.get("department", "")


@post("/cases/{case_id:str}/dispatch", guards=[requires(Permission.ACCEPT_CASES)], status_code=200)
async def dispatch(request: AnyRequest, case_id: FromPath[str]) -> Response[Any]:
    """Dispatch: department, supports (codes, comma between), tier, note."""
    values = await form_values(request)
    supports = tuple(one for one in values.get("supports", "").split(",") if one)
    tier = values.get("tier", "")
    if tier and tier not in list(Tier):
        raise BadInput(_("没有这一档办理时限，请重新选择。"), field="tier")
    note = values.text("note", limit=LONGEST)
    command = Dispatch(values.get("department", ""), supports, Tier(tier) if tier else None, note)
    return await _do(request, case_id, values, [command], _("已派单。"))


@post("/cases/{case_id:str}/sign", guards=[requires(Permission.HANDLE_CASES)], status_code=200)
async def sign(request: AnyRequest, case_id: FromPath[str]) -> Response[Any]:
    """The department takes the case."""
    values = await form_values(request)
    command = Sign(_own(actor_of(request), values))
    return await _do(request, case_id, values, [command], _("已签收。"))


@post("/cases/{case_id:str}/reply", guards=[requires(Permission.HANDLE_CASES)], status_code=200)
async def reply(request: AnyRequest, case_id: FromPath[str]) -> Response[Any]:
    """The department's answer: public (told to the citizen), internal."""
    values = await form_values(request)
    command = Reply(
        _own(actor_of(request), values),
        values.text("public", limit=LONGEST),
        values.text("internal", limit=LONGEST),
    )
    return await _do(request, case_id, values, [command], _("答复已提交，等待中心审核。"))


@post("/cases/{case_id:str}/review", guards=[requires(Permission.REVIEW_CASES)], status_code=200)
async def review(request: AnyRequest, case_id: FromPath[str]) -> Response[Any]:
    """The centre's verdict: approved, approve_and_close or sent_back; comment."""
    values = await form_values(request)
    verdict, comment = values.get("verdict", ""), values.text("comment", limit=LONGEST)
    if verdict == "approve_and_close":
        commands: list[Command] = [Review(Verdict.APPROVE, comment), Close()]
        notice = _("审核通过，工单已办结。")
    elif verdict in list(Verdict):
        commands = [Review(Verdict(verdict), comment)]
        notice = _("审核通过。") if verdict == Verdict.APPROVE else _("已退回承办单位。")
    else:
        raise BadInput(_("请选择通过或退回。"), field="verdict")
    return await _do(request, case_id, values, commands, notice)


@post("/cases/{case_id:str}/close", guards=[requires(Permission.REVIEW_CASES)], status_code=200)
async def close(request: AnyRequest, case_id: FromPath[str]) -> Response[Any]:
    """Close an approved case; its result goes out to the citizen."""
    values = await form_values(request)
    return await _do(request, case_id, values, [Close()], _("工单已办结。"))


@post(
    "/cases/{case_id:str}/recording",
    guards=[requires(Permission.PLAY_RECORDINGS)],
    status_code=200,
)
async def open_recording(request: AnyRequest, case_id: FromPath[str]) -> Response[Any]:
    """Open the case's recording with a reason, which is kept; the player comes back."""
    desk, actor = desk_of(request), actor_of(request)
    values = await form_values(request)
    seen = await desk.cases.page(case_id, actor)
    try:
        async with desk.db.begin() as tx:
            found = await recordings.of_contact(tx, seen.contact_id or "", actor)
            if not found:
                raise NotFound(_("这通来电没有录音，或录音已按规定清除。"))
            opening = await recordings.open_for(
                tx, found[0].id, actor, values.get("reason", ""), desk.clock.now()
            )
    except BadInput as error:
        if wants_json(request):
            raise
        return partial(
            request,
            "agents/recording.html",
            status=error.status,
            case=seen,
            opened=None,
            values=values,
            errors=sentences(error, FIELDS),
        )
    url = f"/recordings/{found[0].id}"
    if wants_json(request):
        return Response({"url": url, "expires_at": opening.expires_at.isoformat()})
    return partial(
        request,
        "agents/recording.html",
        case=seen,
        opened={"url": url, "reason": opening.reason, "at": opening.at},
    )


@get("/recordings/{recording_id:str}", guards=[requires(Permission.PLAY_RECORDINGS)])
async def play(request: AnyRequest, recording_id: FromPath[str]) -> File:
    """The sound of a recording this person has opened with a reason."""
    desk = desk_of(request)
    async with desk.db.begin() as tx:
        found = await recordings.opened(tx, recording_id, actor_of(request), desk.clock.now())
    file = desk.settings.path("recordings") / Path(found.file).name
    if not file.is_file():
        raise NotFound(_("这条录音的文件不在了，请联系管理员。"), recording=recording_id)
    return File(
        path=file,
        media_type="audio/wav",
        content_disposition_type="inline",
        headers={"Cache-Control": "private, no-store"},
    )


HANDLERS = (case_page, dispatch, sign, reply, review, close, open_recording, play)
