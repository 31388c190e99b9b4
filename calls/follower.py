"""The follower: hears Asterisk's events and writes the mirror. One runs at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog
from prometheus_client import Counter, Gauge, Histogram

from calls.ami.client import AmiClient, AmiClosed, AmiRefused
from calls.ami.wire import Message
from calls.ami.wire import at as time_of
from calls.apply import Mirror
from calls.mirror import Abandoned, Answered, Change, Queued, Talked, change
from calls.queue_log import QueueLog
from calls.resync import Resync
from rexian.kernel import metrics
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import Unavailable

log = structlog.get_logger()

USER = "follower"
PING_EVERY_S = 5.0
RESYNC_EVERY_S = 60.0
RECONNECT_FIRST_S = 0.1
RECONNECT_LONGEST_S = 1.0
DATABASE_AGAIN_S = 0.2
LOG_LAG_S = 0.01

CONNECTED = Gauge(
    "calls_connected", "1 while the follower hears Asterisk", registry=metrics.registry
)
EVENTS = Counter("calls_changes", "Changes applied, by kind", ["kind"], registry=metrics.registry)
LAG = Histogram(
    "calls_lag_seconds",
    "From Asterisk's event to the committed mirror",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 1, 5, 30),
    registry=metrics.registry,
)

#: Lines of queue_log whose second is the truth for a change.
_VERBS: dict[type, frozenset[str]] = {
    Queued: frozenset({"ENTERQUEUE"}),
    Answered: frozenset({"CONNECT"}),
    Abandoned: frozenset({"ABANDON"}),
    Talked: frozenset({"COMPLETEAGENT", "COMPLETECALLER"}),
}


class Follower:
    """Connects, resynchronises, follows; again after every loss of either side."""

    def __init__(
        self,
        db: Database,
        mirror: Mirror,
        queue_log: QueueLog,
        clock: Clock,
        *,
        port: int,
        secret: str,
    ) -> None:
        self.db = db
        self.mirror = mirror
        self.queue_log = queue_log
        self.clock = clock
        self.port = port
        self.secret = secret
        self.resync: Resync | None = None
        self.following = asyncio.Event()
        self._ami: AmiClient | None = None

    def connection(self) -> AmiClient | None:
        """Return the connection while there is one that follows."""
        return self._ami if self.following.is_set() else None

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        pause = RECONNECT_FIRST_S
        while not stop.is_set():
            client = AmiClient()
            try:
                await client.connect(self.port, USER, self.secret)
                pause = RECONNECT_FIRST_S
                await self._follow(client, stop)
            except (AmiClosed, AmiRefused, Unavailable) as error:
                log.info("follower waits", code=error.code)
            finally:
                self.following.clear()
                CONNECTED.set(0)
                client.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(pause * 2, RECONNECT_LONGEST_S)

    async def _follow(self, client: AmiClient, stop: asyncio.Event) -> None:
        self._ami = client
        self.following.set()
        loop = asyncio.get_running_loop()
        next_resync = loop.time()
        while not stop.is_set():
            if loop.time() >= next_resync and self.resync is not None:
                await self.resync.run(client, self.clock.now())
                next_resync = loop.time() + RESYNC_EVERY_S
                CONNECTED.set(1)
            event = await self._next(client, stop)
            if event is not None:
                await self.take(event)

    async def _next(self, client: AmiClient, stop: asyncio.Event) -> Message | None:
        """Return the next event; None after a silence in which Asterisk proved to be alive."""
        if not client.events.empty():
            return client.events.get_nowait()
        getting = asyncio.ensure_future(client.events.get())
        ends = [asyncio.ensure_future(client.lost.wait()), asyncio.ensure_future(stop.wait())]
        try:
            await asyncio.wait(
                {getting, *ends}, timeout=PING_EVERY_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for one in ends:
                one.cancel()
        if getting.done():
            return getting.result()
        getting.cancel()
        if client.lost.is_set():
            raise AmiClosed
        if not stop.is_set():
            await client.ask("Ping")
        return None

    async def take(self, event: Message) -> None:
        """Apply one event, however long the database is away."""
        if event.get("Event") == "Shutdown":
            raise AmiClosed(problem="shutdown")
        at = time_of(event) or self.clock.now()
        found = change(event, at)
        if found is None:
            return
        found = await self._timed(found)
        while True:
            task = asyncio.ensure_future(self._apply(found))
            await asyncio.wait({task})
            error = task.exception()
            if not isinstance(error, Unavailable):
                break
            log.warning("follower waits for the database", code=error.code)
            await asyncio.sleep(DATABASE_AGAIN_S)
        kind = type(found).__name__
        EVENTS.labels(kind).inc()
        LAG.observe(max(0.0, (self.clock.now() - at).total_seconds()))
        if error is not None:
            log.error("event not applied", kind=kind, exc_info=error)

    async def _apply(self, found: Change) -> None:
        async with self.db.begin() as tx:
            await self.mirror.apply(tx, found)

    async def _timed(self, found: Change) -> Change:
        """Return the change with queue_log's second, where the two differ."""
        verbs = _VERBS.get(type(found))
        if verbs is None or not isinstance(found, Queued | Answered | Abandoned | Talked):
            return found
        truth = self.queue_log.time_of(found.uniqueid, verbs, found.at)
        if truth is None:
            await asyncio.sleep(LOG_LAG_S)
            truth = self.queue_log.time_of(found.uniqueid, verbs, found.at)
        if truth is None or _second(truth) == _second(found.at):
            return found
        return replace(found, at=truth)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
