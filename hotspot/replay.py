"""Computes the report from the event log alone: it must equal the live one (design.md, 5)."""

from __future__ import annotations

from hotspot.facts import TYPES, replayed
from hotspot.model import Spot
from hotspot.report import day_of, report
from hotspot.service import TEXTS_AT_ONCE, scrubbed_texts, thresholds
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.events import Cursor, Event, read

EVENTS_AT_ONCE = 500


async def replay(db: Database, clock: Clock) -> list[Spot]:
    """Return the report of now as the events tell it. Reads in short transactions."""
    events: list[Event] = []
    cursor, more = Cursor.START, True
    while more:
        async with db.begin() as tx:
            some, after = await read(tx, cursor, EVENTS_AT_ONCE, TYPES)
        events += some
        cursor, more = after, after != cursor
    facts = replayed(events)
    texts: dict[str, str] = {}
    ids = [fact.id for fact in facts]
    for start in range(0, len(ids), TEXTS_AT_ONCE):
        async with db.begin() as tx:
            texts |= await scrubbed_texts(tx, ids[start : start + TEXTS_AT_ONCE])
    async with db.begin() as tx:
        limits = await thresholds(tx)
    return report(facts, texts, day_of(clock.now()), limits)
