"""What the system's own readers need of a case: notices, exchange, analysis.

Only processes (`Role.SYSTEM`) may ask. Whoever passes text on to others takes persons out first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Named:
    """A code and its Chinese name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case with its texts. `citizen_words` are the citizen's name, number and address.

    `answer` is what may be told to the citizen (reply or direct answer); times are aware (UTC).
    """

    id: str
    number: str
    line: str
    state: str
    kind: str
    tier: str
    channel: str
    category: tuple[Named, ...]
    district: Named | None
    township: Named | None
    lead: Named | None
    confidential: bool
    citizen_id: str | None
    title: str
    request: str
    address: str
    answer: str
    citizen_words: tuple[str, ...]
    accepted_at: datetime
    dispatched_at: datetime | None
    due_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    on_time: bool | None


_SQL = """
    SELECT c.*, coalesce(x.channel, 'voice') AS channel,
        k3.name AS k3_name, k2.code AS k2_code, k2.name AS k2_name, k1.code AS k1_code,
        k1.name AS k1_name, p.name AS p_name, p.level AS p_level, q.code AS q_code,
        q.name AS q_name, d.name AS d_name,
        z.name AS z_name, z.phone, z.phone_display, z.address AS z_address,
        (SELECT body FROM case_texts t WHERE t.case_id = c.id AND t.kind = 'request'
            AND t.erased_at IS NULL ORDER BY t.id DESC LIMIT 1) AS request,
        (SELECT body FROM case_texts t WHERE t.case_id = c.id AND t.kind = 'address'
            AND t.erased_at IS NULL ORDER BY t.id DESC LIMIT 1) AS place_text,
        (SELECT body FROM case_texts t WHERE t.case_id = c.id
            AND t.kind IN ('public_reply', 'direct_answer')
            AND t.erased_at IS NULL ORDER BY t.id DESC LIMIT 1) AS answer
    FROM cases c
    JOIN categories k3 ON k3.code = c.category JOIN categories k2 ON k2.code = k3.parent
    JOIN categories k1 ON k1.code = k2.parent
    LEFT JOIN contacts x ON x.id = c.contact_id LEFT JOIN citizens z ON z.id = c.citizen_id
    LEFT JOIN places p ON p.code = c.township LEFT JOIN places q ON q.code = p.parent
    LEFT JOIN departments d ON d.code = c.lead
    WHERE c.id = ANY(:ids)
"""


async def facts(tx: AsyncConnection, case_id: str, actor: Actor) -> CaseFacts | None:
    """Give one case, or None when there is none. Raises `Forbidden` for people."""
    found = await facts_of(tx, [case_id], actor)
    return found.get(case_id)


async def facts_of(tx: AsyncConnection, case_ids: list[str], actor: Actor) -> dict[str, CaseFacts]:
    """Give several cases by id; unknown ids are left out. Raises `Forbidden` for people."""
    if actor.role is not Role.SYSTEM:
        raise Forbidden(permission="case_facts")
    found = await tx.execute(text(_SQL), {"ids": case_ids})
    facts_by_id = {}
    for r in found:
        done = r.replied_at or r.closed_at
        in_district = r.p_level == "district"
        township = Named(r.township, r.p_name) if r.township and not in_district else None
        district = Named(r.q_code, r.q_name) if township else None
        if in_district:
            district = Named(r.township, r.p_name)
        words = (r.z_name, r.phone, r.phone_display, r.z_address)
        facts_by_id[r.id] = CaseFacts(
            id=r.id,
            number=r.number,
            line=r.line,
            state=r.state,
            kind=r.kind,
            tier=r.tier,
            channel=r.channel,
            category=(
                Named(r.k1_code, r.k1_name),
                Named(r.k2_code, r.k2_name),
                Named(r.category, r.k3_name),
            ),
            district=district,
            township=township,
            lead=Named(r.lead, r.d_name) if r.lead else None,
            confidential=r.confidential,
            citizen_id=r.citizen_id,
            title=r.title,
            request=r.request or "",
            address=r.place_text or "",
            answer=r.answer or "",
            citizen_words=tuple(word for word in words if word),
            accepted_at=r.accepted_at,
            dispatched_at=r.dispatched_at,
            due_at=r.due_at,
            replied_at=r.replied_at,
            closed_at=r.closed_at,
            outcome=r.outcome,
            on_time=done <= r.due_at if done and r.due_at else None,
        )
    return facts_by_id
