"""What the case page shows beside the case itself: notices, recording, choices, history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agents.answers import Desk
from agents.words import STANDING_TONES, STATE_TONES
from cases import categories
from cases.deadlines import TIER_NAMES, Standing
from cases.model import State
from cases.page import CasePage
from contacts import recordings
from contacts.queries import Contact, contact
from directory import queries as directory
from outbound import queries as outbound
from outbound.model import State as NoticeState
from rexian.kernel.access import Permission, may
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound
from rexian.kernel.web import gettext as _
from rexian.kernel.web.formats import full_time, span

TONES = {
    "case.accepted": "info",
    "case.dispatched": "info",
    "case.signed": "info",
    "case.replied": "info",
    "case.closed": "ok",
    "case.answered_directly": "ok",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    at: datetime
    what: str
    who: str
    text: str
    tone: str
    mark: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the citizen is told, with the note that stays inside."""

    at: datetime
    who: str
    public: str
    internal: str


def timeline(case: CasePage) -> list[Entry]:
    """The event chain for people, oldest first; each line ends with the start of its hash."""
    comments = {
        (text.at, text.by): text.body for text in case.texts if text.kind == "review_comment"
    }
    entries = []
    for line in case.history:
        tone = TONES.get(line.type, "")
        if line.type == "case.reviewed":
            tone = "ok" if line.label == "审核通过" else "bad"
        said = comments.get((line.at, line.by), "") if line.type == "case.reviewed" else ""
        text = "，".join(part for part in (line.detail, said) if part)
        entries.append(Entry(line.at, _(line.label), line.by, text, tone, line.mark))
    return entries


def answers(case: CasePage) -> list[Answer]:
    """Replies and direct answers, oldest first."""
    notes = {(text.at, text.by): text.body for text in case.texts if text.kind == "internal_note"}
    return [
        Answer(text.at, text.by, text.body, notes.get((text.at, text.by), ""))
        for text in case.texts
        if text.kind in {"public_reply", "direct_answer"}
    ]


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice and what became of it; `proofs` are receipts, one sentence each."""

    what: str
    state_name: str
    tone: str
    at: datetime
    proofs: list[str]


NOTICE_TONES = {
    NoticeState.DELIVERED: "ok",
    NoticeState.SENT: "info",
    NoticeState.FAILED: "bad",
    NoticeState.UNCERTAIN: "warn",
}


def notice_lines(notices: list[outbound.Notice]) -> list[NoticeLine]:
    """The notices of a case with their receipts, oldest first."""
    return [
        NoticeLine(
            what=_(one.channel_name),
            state_name=_(one.state_name),
            tone=NOTICE_TONES.get(one.state, ""),
            at=one.settled_at or one.sent_at or one.created_at,
            proofs=[_part(part) for part in one.parts] or ([one.error_name] if one.error else []),
        )
        for one in notices
    ]


def _part(part: outbound.PartProof) -> str:
    words = [_("第 %(n)d/%(of)d 段") % {"n": part.number, "of": part.total}]
    words.append(part.receipt_name or part.state_name)
    if part.carrier_message_id:
        words.append(_("运营商编号 %(id)s") % {"id": part.carrier_message_id})
    if part.receipt_at:
        words.append(full_time(part.receipt_at))
    return " · ".join(words)


def handling(case: CasePage) -> list[tuple[str, str]]:
    """Who handles it and by when, label and value."""
    facts = [
        (_("主办"), case.lead_name or "—"),
        (_("协办"), "、".join(case.support_names)),
        (_("时限"), _(case.tier_name)),
        (_("受理"), full_time(case.accepted_at)),
        (_("派单"), full_time(case.dispatched_at)),
        (_("到期"), full_time(case.due_at) + (_("（暂定）") if case.provisional else "")),
        (_("签收"), full_time(case.signed_at)),
        (_("答复"), full_time(case.replied_at)),
        (_("办结"), full_time(case.closed_at)),
    ]
    return [(label, value) for label, value in facts if value]


def call_facts(call: Contact) -> list[tuple[str, str]]:
    """The contact's times to the second, label and value."""
    facts = [
        (_("渠道"), f"{_(call.channel_name)} · {call.line}"),
        (_("来电"), full_time(call.started_at)),
        (_("排队"), full_time(call.queued_at)),
        (_("接听"), full_time(call.answered_at)),
        (_("结束"), full_time(call.ended_at)),
        (_("座席"), call.seat or ""),
    ]
    if call.answered_at and call.ended_at:
        facts.append((_("通话"), span(call.ended_at - call.answered_at)))
    return [(label, value) for label, value in facts if value]


async def case_context(desk: Desk, case_id: str, actor: Actor) -> dict[str, Any]:
    """Everything the template needs. Raises `NotFound` for what the actor may not know of."""
    case = await desk.cases.page(case_id, actor)
    async with desk.db.begin() as tx:
        call, sound = await _call(tx, case, actor)
        context: dict[str, Any] = {
            "notices": notice_lines(await outbound.of_case(tx, case.id)),
            "departments": [],
            "tiers": [(tier.value, _(name)) for tier, name in TIER_NAMES.items()],
            "suggested_department": "",
        }
        if "dispatch" in case.verbs:
            context["departments"] = [
                (one.code, one.name) for one in await directory.departments(tx)
            ]
            leaf = await categories.leaf(tx, case.category)
            context["suggested_department"] = leaf.department or ""
    standing = Standing(case.standing) if case.standing else None
    return context | {
        "case": case,
        "can": {"review"} | set(case.verbs) if "approve" in case.verbs else set(case.verbs),
        "state_tone": STATE_TONES.get(State(case.state), ""),
        "standing_tone": STANDING_TONES[standing] if standing else "",
        "history": timeline(case),
        "answers": answers(case),
        "handling": handling(case),
        "citizen": _citizen(case),
        "contact": call_facts(call) if call else [],
        "recording": sound,
        "opened": None,
    }


async def _call(
    tx: AsyncConnection, case: CasePage, actor: Actor
) -> tuple[Contact | None, recordings.Recording | None]:
    if not case.contact_id or not may(actor, Permission.READ_CITIZENS):
        return None, None
    try:
        call = await contact(tx, case.contact_id, actor)
    except NotFound:
        return None, None
    found = await recordings.of_contact(tx, call.id, actor)
    return call, found[0] if found else None


def _citizen(case: CasePage) -> list[tuple[str, str]]:
    card = case.citizen
    facts = [(_("称呼"), card.name), (_("号码"), card.phone), (_("住址"), card.address)]
    return [(label, value) for label, value in facts if value]
