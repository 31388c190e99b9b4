"""The recurring work that belongs to no room: what the scheduler wakes and the worker does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import Gauge

from cases.queries import open_counts
from rexian.kernel import audit, work
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.metrics import registry
from rexian.kernel.notify import notify
from rexian.kernel.work import Leased, Work

ROOT = "audit.root"
SESSIONS = "web.sessions"
DEADLINES = "cases.deadlines"

ACTOR = Actor.system("scheduler")
OPEN = Gauge("rexian_cases_open", "Open cases by state", ["state"], registry=registry)
OVERDUE = Gauge("rexian_cases_overdue", "Open cases past their promise", registry=registry)


class Chores:
    """Handlers of the recurring work."""

    def __init__(self, db: Database, clock: Clock, key_file: Path) -> None:
        """`key_file` holds the key that signs the event log's roots; it is made when missing."""
        self.db = db
        self.clock = clock
        self.key_file = key_file

    def handlers(self) -> Mapping[str, Work]:
        """Give the handlers by kind of work, for the worker."""
        return {ROOT: self.sign_root, SESSIONS: self.forget_sessions, DEADLINES: self.deadlines}

    async def sign_root(self, leased: Leased) -> None:
        """Sign what the event log's chains grew by since the last root."""
        key = await asyncio.to_thread(audit.load_key, self.key_file)
        await audit.sign_root(self.db, key, self.clock)
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
