"""The rows of a case: numbers, loading for a change, saving what the lifecycle made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.deadlines import Deadlines, Tier
from cases.model import Case, Dispatched, Event, Outcome, State
from rexian.kernel.clock import SHANGHAI
from rexian.kernel.ids import new_id
from rexian.kernel.workdays import Unit, WorkingTime


async def next_number(tx: AsyncConnection, line: str, at: datetime) -> str:
    """Give the next number of a line's day (12345-YYYYMMDD-NNNNN, the day in Shanghai).

    The counter's row stays locked until the transaction ends, so numbers have no gaps: one that
    is rolled back is given again.
    """
    day = at.astimezone(SHANGHAI).date()
    found = await tx.execute(
        text("""
            INSERT INTO case_counters AS c (line, day, last) VALUES (:line, :day, 1)
            ON CONFLICT (line, day) DO UPDATE SET last = c.last + 1 RETURNING last
        """),
        {"line": line, "day": day},
    )
    return f"{line}-{day:%Y%m%d}-{found.scalar_one():05d}"


async def for_update(tx: AsyncConnection, case_id: str) -> Case | None:
    """Load the part of a case that rules look at, locked; None when there is none."""
    found = await tx.execute(text("SELECT * FROM cases WHERE id = :id FOR UPDATE"), {"id": case_id})
    row = found.one_or_none()
    if row is None:
        return None
    return Case(
        id=row.id,
        state=State(row.state),
        number=row.number,
        tier=Tier(row.tier),
        lead=row.lead,
        supports=tuple(row.supports),
        dispatched_at=row.dispatched_at,
        due_at=row.due_at,
        provisional=row.due_provisional,
        signed_at=row.signed_at,
        replied_at=row.replied_at,
        round=row.round,
        sent_back=row.sent_back,
        outcome=Outcome(row.outcome) if row.outcome else None,
        closed_at=row.closed_at,
    )


async def insert(tx: AsyncConnection, case: Case, intake: Mapping[str, Any]) -> None:
    """Insert a case just accepted; `intake` holds the columns the lifecycle does not know."""
    await tx.execute(
        text("""
            INSERT INTO cases (id, number, line, kind, category, tier, state, title, township,
                confidential, citizen_id, contact_id, form_token, accepted_at, accepted_by,
                accepted_seat)
            VALUES (:id, :number, :line, :kind, :category, :tier, :state, :title, :township,
                :confidential, :citizen_id, :contact_id, :form_token, :accepted_at, :accepted_by,
                :accepted_seat)
        """),
        {
            **intake,
            "id": case.id,
            "number": case.number,
            "tier": case.tier.value,
            "state": case.state.value,
        },
    )


async def save(tx: AsyncConnection, case: Case, decided: list[Event]) -> None:
    """Write the case as it stands after `decided`, and its dispatches."""
    await tx.execute(
        text("""
            UPDATE cases SET state = :state, tier = :tier, lead = :lead, supports = :supports,
                dispatched_at = :dispatched_at, due_at = :due_at, due_provisional = :provisional,
                signed_at = :signed_at, replied_at = :replied_at, closed_at = :closed_at,
                outcome = :outcome, round = :round, sent_back = :sent_back
            WHERE id = :id
        """),
        {
            "id": case.id,
            "state": case.state.value,
            "tier": case.tier.value,
            "lead": case.lead,
            "supports": list(case.supports),
            "dispatched_at": case.dispatched_at,
            "due_at": case.due_at,
            "provisional": case.provisional,
            "signed_at": case.signed_at,
            "replied_at": case.replied_at,
            "closed_at": case.closed_at,
            "outcome": case.outcome.value if case.outcome else None,
            "round": case.round,
            "sent_back": case.sent_back,
        },
    )
    for event in decided:
        if isinstance(event, Dispatched):
            await _dispatches(tx, case, event)


async def _dispatches(tx: AsyncConnection, case: Case, event: Dispatched) -> None:
    await tx.execute(
        text("UPDATE case_dispatches SET ended_at = :at WHERE case_id = :id AND ended_at IS NULL"),
        {"at": event.at, "id": case.id},
    )
    bodies = [(event.lead, "lead"), *((support, "support") for support in event.supports)]
    await tx.execute(
        text("""
            INSERT INTO case_dispatches (id, case_id, department, role, round, at)
            VALUES (:id, :case, :department, :role, :round, :at)
        """),
        [
            {
                "id": new_id(),
                "case": case.id,
                "department": department,
                "role": role,
                "round": case.round,
                "at": event.at,
            }
            for department, role in bodies
        ],
    )


async def city_deadlines(tx: AsyncConnection, deadlines: Deadlines) -> Deadlines:
    """Give `deadlines` with the promises of the city's own table."""
    found = await tx.execute(text("SELECT tier, amount, unit FROM promise_tiers"))
    promises = {Tier(r.tier): WorkingTime(r.amount, Unit(r.unit)) for r in found}
    return replace(deadlines, promises=promises or deadlines.promises)
