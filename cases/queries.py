"""Lists of cases: what each asker has to do now, and what they may look up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.deadlines import STANDING_NAMES, TIER_NAMES, Deadlines, Standing, Tier
from cases.lookup import lookup
from cases.model import STATE_NAMES, State
from cases.page import case_page
from cases.security import reading_as
from cases.words import KIND_NAMES, Kind
from rexian.kernel.access import MASKED_NAME, Permission, may, require
from rexian.kernel.actor import Actor

__all__ = [
    "CaseRow",
    "case_page",
    "inbox",
    "lookup",
    "of_citizen",
    "of_contact",
    "open_counts",
    "recent",
    "review_list",
]

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a list. Times are aware (UTC)."""

    id: str
    number: str
    kind: str
    kind_name: str
    category: str
    category_path: str
    tier: str
    tier_name: str
    state: str
    state_name: str
    title: str
    place: str
    confidential: bool
    accepted_at: datetime
    lead: str | None
    lead_name: str
    dispatched_at: datetime | None
    due_at: datetime | None
    provisional: bool
    replied_at: datetime | None
    closed_at: datetime | None

    def standing(self, deadlines: Deadlines, at: datetime) -> Standing | None:
        """Say how the promise stands; None where nothing is promised."""
        if self.dispatched_at is None or self.due_at is None:
            return None
        return deadlines.standing(self.dispatched_at, self.due_at, at, self.replied_at)

    def standing_name(self, deadlines: Deadlines, at: datetime) -> str:
        """Say it in Chinese; "" where nothing is promised."""
        standing = self.standing(deadlines, at)
        return STANDING_NAMES[standing] if standing else ""


_SELECT = """
    SELECT c.id, c.number, c.kind, c.category, k.path AS category_path, c.tier, c.state, c.title,
        coalesce(p.name, '') AS place, c.confidential, c.accepted_at, c.lead,
        coalesce(d.short_name, '') AS lead_name, c.dispatched_at, c.due_at, c.due_provisional,
        c.replied_at, c.closed_at
    FROM cases c JOIN categories k ON k.code = c.category
    LEFT JOIN places p ON p.code = c.township LEFT JOIN departments d ON d.code = c.lead
"""


async def inbox(
    tx: AsyncConnection, actor: Actor, *, finished: bool = False, limit: int = MOST_ROWS
) -> list[CaseRow]:
    """Give a department's cases: those to sign or answer, the most urgent first.

    With `finished`, those it has answered instead, newest first.
    """
    require(actor, Permission.HANDLE_CASES)
    where = (
        "WHERE c.state IN ('replied', 'approved', 'closed') ORDER BY c.replied_at DESC"
        if finished
        else "WHERE c.state IN ('dispatched', 'signed') ORDER BY c.due_at, c.number"
    )
    async with reading_as(tx, actor):
        found = await tx.execute(text(f"{_SELECT} {where} LIMIT :limit"), {"limit": limit})
        return [_row(row) for row in found]


async def review_list(
    tx: AsyncConnection, actor: Actor, *, limit: int = MOST_ROWS
) -> list[CaseRow]:
    """Give what waits for the centre: replies to review, then approved cases to close."""
    require(actor, Permission.REVIEW_CASES)
    where = """
        WHERE c.state IN ('replied', 'approved')
        ORDER BY CASE c.state WHEN 'replied' THEN 0 ELSE 1 END, c.due_at, c.number LIMIT :limit
    """
    return [_row(row) for row in await tx.execute(text(_SELECT + where), {"limit": limit})]


async def recent(
    tx: AsyncConnection,
    actor: Actor,
    *,
    states: tuple[str, ...] = (),
    category: str = "",
    township: str = "",
    due: str = "",
    words: str = "",
    at: datetime | None = None,
    limit: int = 50,
) -> list[CaseRow]:
    """Give the newest cases the actor may see, narrowed by state, category prefix or place.

    `due` (with `at`, the time) is `overdue` or `near` (due within a day) of those still without a
    reply; `words` must stand in the title or the number.
    """
    require(actor, Permission.READ_CASES)
    where = r"""
        WHERE (cardinality(CAST(:states AS text[])) = 0 OR c.state = ANY(:states))
          AND starts_with(c.category, :category) AND (:township = '' OR c.township = :township)
          AND (:due = '' OR (c.replied_at IS NULL AND c.state <> 'closed' AND
            CASE :due WHEN 'overdue' THEN c.due_at < CAST(:at AS timestamptz)
            ELSE c.due_at BETWEEN :at AND CAST(:at AS timestamptz) + interval '1 day' END))
          AND (:words = '' OR strpos(c.title, :words) > 0 OR strpos(c.number, :words) > 0)
        ORDER BY c.accepted_at DESC, c.number DESC LIMIT :limit
    """
    async with reading_as(tx, actor):
        found = await tx.execute(
            text(_SELECT + where),
            {
                "states": list(states),
                "category": category,
                "township": township,
                "due": due if at else "",
                "words": words.replace("\x00", "").strip(),
                "at": at,
                "limit": limit,
            },
        )
        return [_row(row) for row in found]


async def of_citizen(
    tx: AsyncConnection, citizen_id: str, actor: Actor, *, limit: int = 10
) -> list[CaseRow]:
    """Give a citizen's earlier cases, newest first.

    The title of a confidential case is shown to its accepting agent and the roles that see
    confidential citizens; others see that there is one.
    """
    require(actor, Permission.READ_CITIZENS)
    return await _titled(tx, actor, "c.citizen_id = :key", citizen_id, limit)


async def of_contact(tx: AsyncConnection, contact_id: str, actor: Actor) -> list[CaseRow]:
    """Give the cases taken down in one contact."""
    require(actor, Permission.READ_CITIZENS)
    return await _titled(tx, actor, "c.contact_id = :key", contact_id, MOST_ROWS)


async def _titled(
    tx: AsyncConnection, actor: Actor, where: str, key: str, limit: int
) -> list[CaseRow]:
    title = """CASE WHEN c.confidential AND NOT :all AND c.accepted_by <> :by
        THEN :masked ELSE c.title END AS title"""
    select = _SELECT.replace("c.title", title)
    found = await tx.execute(
        text(f"{select} WHERE {where} ORDER BY c.accepted_at DESC LIMIT :limit"),
        {
            "key": key,
            "limit": limit,
            "all": may(actor, Permission.SEE_CONFIDENTIAL),
            "by": actor.id,
            "masked": MASKED_NAME,
        },
    )
    return [_row(row) for row in found]


async def open_counts(tx: AsyncConnection, actor: Actor, at: datetime) -> dict[str, int]:
    """Count open cases by state, and those past their promise under `overdue`."""
    require(actor, Permission.READ_CASES)
    async with reading_as(tx, actor):
        found = await tx.execute(
            text("""
                SELECT state, count(*) AS n, count(*) FILTER (
                    WHERE due_at < :at AND replied_at IS NULL) AS late
                FROM cases WHERE state <> 'closed' GROUP BY state
            """),
            {"at": at},
        )
        rows = found.all()
    counts = {row.state: int(row.n) for row in rows}
    counts["overdue"] = sum(int(row.late) for row in rows)
    return counts


def _row(row: Row[Any]) -> CaseRow:
    return CaseRow(
        id=row.id,
        number=row.number,
        kind=row.kind,
        kind_name=KIND_NAMES[Kind(row.kind)],
        category=row.category,
        category_path=row.category_path,
        tier=row.tier,
        tier_name=TIER_NAMES[Tier(row.tier)],
        state=row.state,
        state_name=STATE_NAMES[State(row.state)],
        title=row.title,
        place=row.place,
        confidential=row.confidential,
        accepted_at=row.accepted_at,
        lead=row.lead,
        lead_name=row.lead_name,
        dispatched_at=row.dispatched_at,
        due_at=row.due_at,
        provisional=row.due_provisional,
        replied_at=row.replied_at,
        closed_at=row.closed_at,
    )
