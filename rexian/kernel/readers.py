"""Readers of the event log, each with its own cursor that moves in the handler's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.clock import Clock, SystemClock
from rexian.kernel.db import Database
from rexian.kernel.errors import Unavailable
from rexian.kernel.events import Cursor, Event, by_id, read
from rexian.kernel.notify import listen

log = structlog.get_logger()
Handler = Callable[[AsyncConnection, Event], Awaitable[None]]

#: One transaction of a reader handles at most this many events (design.md, 3: 1 s, 1,000 rows).
BATCH = 50
PARK_FIRST_S = 5
PARK_LONGEST_S = 3600


class Reader:
    """Hands every event to `handler`, in order, at least once.

    The handler writes with the transaction it is given; the cursor moves in the same one. An
    event whose handler raises is parked with its error and tried again later with growing
    pauses, so that one bad event holds up nobody and is never lost.
    """

    def __init__(
        self,
        db: Database,
        name: str,
        handler: Handler,
        *,
        types: Sequence[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`name` identifies the cursor; `types` limits the events handed over."""
        self.db = db
        self.name = name
        self.handler = handler
        self.types = types
        self.clock = clock or SystemClock()

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop`; waits for NOTIFY `events`, and looks by itself once a second."""
        async for _ in listen(self.db.dsn(), "events", stop=stop):
            await self._drain(stop)

    async def _drain(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set() and (await self._batch())[1]:
                pass
            await self.retry_parked()
        except Unavailable as error:
            log.warning("reader waits for the database", reader=self.name, code=error.code)
            await asyncio.sleep(0.5)

    async def run_once(self) -> int:
        """Handle one batch; returns how many events it held. 0 also when another has the cursor."""
        return (await self._batch())[0]

    async def _batch(self) -> tuple[int, bool]:
        """How many events were handled, and whether the cursor moved: then there may be more."""
        async with self.db.begin() as tx:
            cursor = await self._lock_cursor(tx)
            if cursor is None:
                return 0, False
            events, after = await read(tx, cursor, BATCH, self.types)
            for event in events:
                await self._handle(tx, event)
            if after != cursor:
                await tx.execute(
                    text(
                        "UPDATE reader_cursors SET epoch = :e, xid = CAST(CAST(:x AS text) AS xid8),"
                        " id = :i, moved_at = now() WHERE name = :n"
                    ),
                    {"e": after.epoch, "x": str(after.xid), "i": after.id, "n": self.name},
                )
            return len(events), after != cursor

    async def retry_parked(self) -> int:
        """Try again what is parked and due; returns how many succeeded."""
        done = 0
        async with self.db.begin() as tx:
            due = await tx.execute(
                text(
                    "SELECT event_id FROM reader_parked WHERE name = :n AND retry_at <= :now"
                    " ORDER BY event_id LIMIT 20 FOR UPDATE SKIP LOCKED"
                ),
                {"n": self.name, "now": self.clock.now()},
            )
            for (event_id,) in due.all():
                event = await by_id(tx, event_id)
                if event is not None and await self._handle(tx, event):
                    done += 1
        return done

    async def _lock_cursor(self, tx: AsyncConnection) -> Cursor | None:
        await tx.execute(
            text(
                "INSERT INTO reader_cursors (name, epoch, xid, id) VALUES (:n, 0, '0', 0)"
                " ON CONFLICT DO NOTHING"
            ),
            {"n": self.name},
        )
        found = await tx.execute(
            text(
                "SELECT epoch, xid::text AS xid, id FROM reader_cursors WHERE name = :n"
                " FOR UPDATE SKIP LOCKED"
            ),
            {"n": self.name},
        )
        row = found.one_or_none()
        return Cursor(row.epoch, int(row.xid), row.id) if row else None

    async def _handle(self, tx: AsyncConnection, event: Event) -> bool:
        point = await tx.begin_nested()
        task = asyncio.ensure_future(self.handler(tx, event))
        await asyncio.wait({task})
        error = task.exception()
        if error is None:
            await point.commit()
            await tx.execute(
                text("DELETE FROM reader_parked WHERE name = :n AND event_id = :e"),
                {"n": self.name, "e": event.id},
            )
            return True
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise error
        await point.rollback()
        await self._park(tx, event, error)
        return False

    async def _park(self, tx: AsyncConnection, event: Event, error: BaseException) -> None:
        log.error(
            "event parked", reader=self.name, event_id=event.id, type=event.type, exc_info=error
        )
        found = await tx.execute(
            text("SELECT attempts FROM reader_parked WHERE name = :n AND event_id = :e"),
            {"n": self.name, "e": event.id},
        )
        attempts = (found.scalar_one_or_none() or 0) + 1
        pause = min(PARK_FIRST_S * 2 ** (attempts - 1), PARK_LONGEST_S)
        await tx.execute(
            text(
                "INSERT INTO reader_parked (name, event_id, attempts, retry_at, error)"
                " VALUES (:n, :e, :a, :at, :err) ON CONFLICT (name, event_id) DO UPDATE"
                " SET attempts = :a, retry_at = :at, error = :err"
            ),
            {
                "n": self.name,
                "e": event.id,
                "a": attempts,
                "at": self.clock.now() + timedelta(seconds=pause),
                "err": type(error).__name__,
            },
        )
