"""The recurring work that belongs to no room: what the scheduler wakes and the worker does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import Counter, Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from approvals.queries import forget_failures
from cases.queries import open_counts
from outbound.store import forget_inbound, forget_receipts
from rexian.kernel import audit, work, work_left
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.metrics import registry
from rexian.kernel.notify import notify
from rexian.kernel.settings import Kept
from rexian.kernel.work import Leased, Work

ROOT = "audit.root"
SESSIONS = "web.sessions"
DEADLINES = "cases.deadlines"
PURGE = "kept.purge"

BATCH = 500
"""Rows deleted in one transaction."""
LEASE = timedelta(seconds=40)

ACTOR = Actor.system("scheduler")
OPEN = Gauge("rexian_cases_open", "Open cases by state", ["state"], registry=registry)
PURGED = Counter("rexian_purged", "Settled rows deleted", ["what"], registry=registry)
Forget = Callable[[AsyncConnection, datetime, int], Awaitable[int]]
"""Deletes up to so many settled rows older than that; returns how many."""
OVERDUE = Gauge("rexian_cases_overdue", "Open cases past their promise", registry=registry)


class Chores:
    """Handlers of the recurring work."""

    def __init__(self, db: Database, clock: Clock, key_file: Path, kept: Kept) -> None:
        """`key_file` holds the key that signs the event log's roots; it is made when missing."""
        self.kept = kept
        self.db = db
        self.clock = clock
        self.key_file = key_file

    def handlers(self) -> Mapping[str, Work]:
        """Give the handlers by kind of work, for the worker."""
        return {
            ROOT: self.sign_root,
            SESSIONS: self.forget_sessions,
            DEADLINES: self.deadlines,
            PURGE: self.purge,
        }

    async def sign_root(self, leased: Leased) -> None:
        """Sign what the event log's chains grew by since the last root."""
        key = await asyncio.to_thread(audit.load_key, self.key_file)
        await audit.sign_root(self.db, key, self.clock, audit.last_file(self.key_file))
        async with self.db.begin() as tx:
            await work.finish(tx, leased)

    async def forget_sessions(self, leased: Leased) -> None:
        """Delete web sessions that have ended."""
        from rexian.kernel.web.sessions import forget_ended  # brings the whole web base along

        async with self.db.begin() as tx:
            await forget_ended(tx, self.clock.now())
            await work.finish(tx, leased)

    async def deadlines(self, leased: Leased) -> None:
        """Count open and overdue cases, and let lists that show promises be drawn again."""
        async with self.db.begin() as tx:
            counts = await open_counts(tx, ACTOR, self.clock.now())
            await notify(tx, "desk", '{"what": "deadlines"}')
            await work.finish(tx, leased)
        OVERDUE.set(counts.pop("overdue"))
        OPEN.clear()
        for state, number in counts.items():
            OPEN.labels(state).set(number)

    async def purge(self, leased: Leased) -> None:
        """Delete what is settled and older than it is kept, in small transactions."""
        now = self.clock.now()
        kept: tuple[tuple[str, Forget, int], ...] = (
            ("work", work_left.forget_done, self.kept.work_days),
            ("receipts", forget_receipts, self.kept.receipts_days),
            ("inbound_parts", forget_inbound, self.kept.inbound_days),
            ("approval_lookup_failures", forget_failures, self.kept.lookup_failures_days),
            ("case_lookup_failures", _forget_case_failures, self.kept.lookup_failures_days),
        )
        for what, forget, days in kept:
            gone = BATCH
            while gone == BATCH:
                async with self.db.begin() as tx:
                    await work.extend(tx, leased, until=self.clock.now() + LEASE)
                    gone = await forget(tx, now - timedelta(days=days), BATCH)
                PURGED.labels(what).inc(gone)
        async with self.db.begin() as tx:
            await work.finish(tx, leased)


async def _forget_case_failures(tx: AsyncConnection, before: datetime, limit: int) -> int:
    gone = await tx.execute(
        text(
            "DELETE FROM case_lookup_failures WHERE ctid IN (SELECT ctid FROM case_lookup_failures"
            " WHERE at < :before LIMIT :limit)"
        ),
        {"before": before, "limit": limit},
    )
    return gone.rowcount
