"""The case feed: a reader of the event log keeps one de-identified row a case.

A changed case moves to the end of the feed. The feed's cursor has the form and the rule of the
event log's: a row is given out only when every transaction that began before its own has ended,
so a row that commits late is never missed.

A case is written anew when something happens to it, and when its citizen's name or address is
written down later: what is known of the citizen is taken out of the texts. Texts erased from the
case are gone from the row with the next event of the case.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.facts import facts_of
from exchange.feed_format import document
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.events import Cursor, Event
from rexian.kernel.readers import Reader

READER = "exchange.feed"
ACTOR = Actor.system("exchange")
CASES_AT_ONCE = 100

_PUT = text("""
    INSERT INTO exchange_cases (case_id, epoch, xid, id, event_id, document, changed_at)
    VALUES (:case_id, (SELECT max(epoch) FROM event_epochs), pg_current_xact_id(),
        nextval('exchange_feed_id_seq'), :event_id, CAST(:document AS jsonb), :at)
    ON CONFLICT (case_id) DO UPDATE SET epoch = excluded.epoch, xid = excluded.xid,
        id = excluded.id, event_id = excluded.event_id, document = excluded.document,
        changed_at = excluded.changed_at
    WHERE exchange_cases.document <> excluded.document
""")
_OF_CITIZEN = text("""
    SELECT e.case_id FROM exchange_cases e JOIN cases c ON c.id = e.case_id
    WHERE c.citizen_id = :citizen ORDER BY e.case_id
""")
_READ = text("""
    SELECT epoch, xid::text AS xid, id, document FROM exchange_cases
    WHERE (epoch, xid, id) > (:epoch, CAST(CAST(:xid AS text) AS xid8), :id)
      AND (epoch < (SELECT max(epoch) FROM event_epochs)
           OR xid < pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY epoch, xid, id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the feed and the cursor after it; `more` when something follows at once."""

    items: list[dict[str, Any]]
    after: Cursor
    more: bool


async def handle(tx: AsyncConnection, event: Event) -> None:
    """Write the rows of the cases the event touches; seeing an event twice does no harm."""
    if event.subject.kind == "case":
        await _write(tx, [event.subject.id], event)
    elif event.type == "citizen.updated":
        found = await tx.execute(_OF_CITIZEN, {"citizen": event.subject.id})
        case_ids = list(found.scalars())
        for first in range(0, len(case_ids), CASES_AT_ONCE):
            await _write(tx, case_ids[first : first + CASES_AT_ONCE], event)


async def _write(tx: AsyncConnection, case_ids: list[str], event: Event) -> None:
    for case in (await facts_of(tx, case_ids, ACTOR)).values():
        await tx.execute(
            _PUT,
            {
                "case_id": case.id,
                "event_id": event.id,
                "document": json.dumps(document(case), ensure_ascii=False),
                "at": event.at,
            },
        )


def reader(db: Database, clock: Clock) -> Reader:
    """Return the reader that keeps the feed, to run in the worker."""
    return Reader(db, READER, handle, clock=clock)


async def read(tx: AsyncConnection, after: Cursor, limit: int) -> Slice:
    """Return up to `limit` cases changed after the cursor, oldest change first."""
    found = await tx.execute(
        _READ,
        {"epoch": after.epoch, "xid": str(after.xid), "id": after.id, "limit": limit + 1},
    )
    rows = found.all()
    given = rows[:limit]
    last = given[-1] if given else None
    cursor = Cursor(last.epoch, int(last.xid), last.id) if last else after
    return Slice([row.document for row in given], cursor, more=len(rows) > limit)
