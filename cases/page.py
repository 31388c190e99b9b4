"""Everything a case page shows, as the asker may see it. Notices are added by the desk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.deadlines import STANDING_NAMES, TIER_NAMES, Standing, Tier
from cases.discretion import masked
from cases.history import HistoryLine, history_lines
from cases.lifecycle import Rules, verbs
from cases.model import STATE_NAMES, State
from cases.security import reading_as
from cases.words import KIND_NAMES, TEXT_NAMES, Kind
from contacts.queries import ANONYMOUS, CONFIDENTIAL, CitizenCard, citizen_card, own_words
from rexian.kernel import events
from rexian.kernel.access import Permission, may, require, sees_identity
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class CaseText:
    """A text of the case: what kind, by whom (a name) and when."""

    kind: str
    kind_name: str
    body: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case as one person may see it. Times are aware (UTC); names are Chinese."""

    id: str
    number: str
    line: str
    kind: str
    kind_name: str
    category: str
    category_path: str
    tier: str
    tier_name: str
    state: str
    state_name: str
    title: str
    township: str | None
    place: str
    confidential: bool
    citizen: CitizenCard
    contact_id: str | None
    accepted_at: datetime
    lead: str | None
    lead_name: str
    support_names: tuple[str, ...]
    dispatched_at: datetime | None
    due_at: datetime | None
    provisional: bool
    standing: str | None
    standing_name: str
    signed_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    texts: tuple[CaseText, ...]
    history: tuple[HistoryLine, ...]
    verbs: tuple[str, ...]

    def body(self, kind: str) -> str:
        """Give the newest text of one kind, or ""."""
        found = [entry.body for entry in self.texts if entry.kind == kind]
        return found[-1] if found else ""


#: Columns a department may read; the citizen and the accepting agent are not among them.
_SEEN_BY_ALL = """
    c.id, c.number, c.line, c.kind, c.category, k.path AS category_path, c.tier, c.state, c.title,
    c.township, concat_ws(' ', CASE WHEN q.level = 'district' THEN q.name END, p.name) AS place,
    c.confidential, c.accepted_at, c.lead, d.name AS lead_name, c.supports, c.dispatched_at,
    c.due_at, c.due_provisional, c.signed_at, c.replied_at, c.closed_at
"""
_FROM = """
    FROM cases c JOIN categories k ON k.code = c.category
    LEFT JOIN places p ON p.code = c.township LEFT JOIN places q ON q.code = p.parent
    LEFT JOIN departments d ON d.code = c.lead
    WHERE c.id = :id
"""


async def case_page(
    tx: AsyncConnection, case_id: str, actor: Actor, *, rules: Rules, at: datetime
) -> CasePage:
    """Give the page of the case with this id. Raises `NotFound`, `Forbidden`."""
    require(actor, Permission.READ_CASES)
    inside = actor.role is not Role.DEPARTMENT
    more = ", c.citizen_id, c.contact_id, c.accepted_by" if inside else ""
    async with reading_as(tx, actor):
        found = await tx.execute(
            text(f"SELECT {_SEEN_BY_ALL} {more} {_FROM}"),
            {"id": case_id},
        )
        row = found.one_or_none()
        if row is None:
            raise NotFound
        if inside:
            visible = sees_identity(
                actor, confidential=row.confidential, accepted_by=row.accepted_by
            )
            citizen = await citizen_card(tx, row.citizen_id, actor, visible=visible)
            log = await events.history(tx, events.Subject("case", case_id))
        else:
            citizen = await _citizen_for_department(tx, row)
            log = await _history_for_department(tx, case_id)
        hidden = row.confidential and not citizen.visible
        texts = await _texts(tx, case_id, inside=inside, hidden=hidden)
        support_names = await _department_names(tx, row.supports)
        names = await _names(tx, log, [entry.by for entry in texts])
    own = await _own_words(tx, case_id) if hidden else ()
    if hidden:
        texts = [replace(t, body=masked(t.kind, t.body, own)) for t in texts]
    texts = [
        CaseText(t.kind, TEXT_NAMES.get(t.kind, t.kind), t.body, t.at, names.get(t.by, "系统"))
        for t in texts
    ]
    return _page(row, rules, at, actor, citizen, texts, history_lines(log, names), support_names)


def _page(
    row: Row[Any],
    rules: Rules,
    at: datetime,
    actor: Actor,
    citizen: CitizenCard,
    texts: list[CaseText],
    history: list[HistoryLine],
    support_names: dict[str, str],
) -> CasePage:
    standing = _standing(row, rules, at)
    inside = actor.role is not Role.DEPARTMENT
    return CasePage(
        id=row.id,
        number=row.number,
        line=row.line,
        kind=row.kind,
        kind_name=KIND_NAMES[Kind(row.kind)],
        category=row.category,
        category_path=row.category_path,
        tier=row.tier,
        tier_name=TIER_NAMES[Tier(row.tier)],
        state=row.state,
        state_name=STATE_NAMES[State(row.state)],
        title=row.title,
        township=row.township,
        place=row.place,
        confidential=row.confidential,
        citizen=citizen,
        contact_id=row.contact_id if inside and citizen.visible else None,
        accepted_at=row.accepted_at,
        lead=row.lead,
        lead_name=row.lead_name or "",
        support_names=tuple(support_names.get(code, code) for code in row.supports),
        dispatched_at=row.dispatched_at,
        due_at=row.due_at,
        provisional=row.due_provisional,
        standing=standing,
        standing_name=STANDING_NAMES[standing] if standing else "",
        signed_at=row.signed_at,
        replied_at=row.replied_at,
        closed_at=row.closed_at,
        texts=tuple(texts),
        history=tuple(history),
        verbs=possible(State(row.state), row.lead, actor),
    )


def _standing(row: Row[Any], rules: Rules, at: datetime) -> Standing | None:
    if row.dispatched_at is None or row.due_at is None:
        return None
    return rules.deadlines.standing(row.dispatched_at, row.due_at, at, row.replied_at)


_VERB_NEEDS = {
    "answer_directly": Permission.ACCEPT_CASES,
    "dispatch": Permission.ACCEPT_CASES,
    "sign": Permission.HANDLE_CASES,
    "reply": Permission.HANDLE_CASES,
    "approve": Permission.REVIEW_CASES,
    "send_back": Permission.REVIEW_CASES,
    "close": Permission.REVIEW_CASES,
}


def possible(state: State, lead: str | None, actor: Actor) -> tuple[str, ...]:
    """Give the verbs that `actor` can do in this state, for the page's buttons."""
    if actor.role is Role.DEPARTMENT and actor.department != lead:
        return ()
    return tuple(
        verb for verb in verbs(state) if verb in _VERB_NEEDS and may(actor, _VERB_NEEDS[verb])
    )


async def _texts(
    tx: AsyncConnection, case_id: str, *, inside: bool, hidden: bool
) -> list[CaseText]:
    """Give the texts, `hidden` as they were masked; a department gets no others (migration 0016)."""
    shown = "SELECT id, kind, body, written_at, written_by FROM case_texts_shown(:id)"
    whole = """
        SELECT id, kind, CASE WHEN :hidden THEN coalesce(masked, body) ELSE body END AS body,
            written_at, written_by
        FROM case_texts WHERE case_id = :id AND erased_at IS NULL
    """
    given = {"id": case_id, "hidden": hidden} if inside else {"id": case_id}
    query = text(f"{whole if inside else shown} ORDER BY written_at, id")
    found = await tx.execute(query, given)
    return [CaseText(r.kind, "", r.body, r.written_at, r.written_by) for r in found]


async def _own_words(tx: AsyncConnection, case_id: str) -> tuple[str, ...]:
    found = await tx.execute(text("SELECT citizen_id FROM cases WHERE id = :id"), {"id": case_id})
    return await own_words(tx, found.scalar_one_or_none())


async def _citizen_for_department(tx: AsyncConnection, row: Row[Any]) -> CitizenCard:
    if row.confidential:
        return CONFIDENTIAL
    found = await tx.execute(
        text("SELECT name, phone_display, address FROM case_citizen(:id)"), {"id": row.id}
    )
    card = found.one_or_none()
    if card is None:
        return ANONYMOUS
    return CitizenCard(None, card.name, card.phone_display, card.address, "", True)


async def _history_for_department(tx: AsyncConnection, case_id: str) -> list[events.Event]:
    found = await tx.execute(
        text("""
            SELECT e.id, e.epoch, e.xid::text AS xid, e.subject_kind, e.subject_id, e.seq, e.type,
                e.version, e.at, e.actor, e.payload, e.hash
            FROM case_history(:id) e ORDER BY e.seq
        """),
        {"id": case_id},
    )
    return [events.event_of(row) for row in found]


async def _department_names(tx: AsyncConnection, codes: list[str]) -> dict[str, str]:
    if not codes:
        return {}
    found = await tx.execute(
        text("SELECT code, name FROM departments WHERE code = ANY(:codes)"), {"codes": codes}
    )
    return {row.code: row.name for row in found}


async def _names(tx: AsyncConnection, log: list[events.Event], more: list[str]) -> dict[str, str]:
    ids = {event.actor.partition(":")[2] for event in log} | set(more)
    found = await tx.execute(
        text("SELECT id, name FROM case_actor_names(:ids)"), {"ids": sorted(ids)}
    )
    return {row.id: row.name for row in found}
