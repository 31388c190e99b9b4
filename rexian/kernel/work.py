"""Leased work: rows that wait to be done, taken with SKIP LOCKED, guarded by fencing tokens.

A lease ends by itself when its worker dies; the row then comes back with `reclaimed` set, so a
handler whose effect may already have happened (an SMS that may have left) can say `uncertain`
instead of doing it twice. Every write by a worker checks its fence.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import LeaseLost, Unavailable
from rexian.kernel.metrics import registry
from rexian.kernel.notify import listen, notify

log = structlog.get_logger()

RETRY_FIRST_S = 2
RETRY_LONGEST_S = 900
TRIES = 12
"""Tries that may raise before a row is given up; their pauses add up to about 50 minutes."""

ERRORS = Counter("rexian_work_errors", "Tries of work that raised", ["kind"], registry=registry)
GIVEN_UP = Counter(
    "rexian_work_given_up", "Rows of work left to a person", ["kind"], registry=registry
)


@dataclass(frozen=True, slots=True)
class Leased:
    """A row of work in our hands until its lease ends."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    fence: int
    attempts: int
    reclaimed: bool
    errors: int = 0


async def enqueue(
    tx: AsyncConnection,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    *,
    run_at: datetime | None = None,
) -> bool:
    """Add a row of work; False when `key` already stands for this `kind` (nothing is changed)."""
    found = await tx.execute(
        text(
            "INSERT INTO work (kind, key, payload, run_at)"
            " VALUES (:kind, :key, CAST(:payload AS jsonb), coalesce(:at, now()))"
            " ON CONFLICT (kind, key) DO NOTHING RETURNING id"
        ),
        {
            "kind": kind,
            "key": key,
            "payload": json.dumps(payload, ensure_ascii=False),
            "at": run_at,
        },
    )
    added = found.scalar_one_or_none() is not None
    if added:
        await notify(tx, "work", kind)
    return added


async def wake(tx: AsyncConnection, kind: str, key: str, *, at: datetime) -> None:
    """Make a standing row (done or waiting) ready at `at`: for work that recurs under one key.

    One that was given up gets a single try, and not before its pause is over.
    """
    await tx.execute(
        text(
            "INSERT INTO work (kind, key, payload, run_at) VALUES (:kind, :key, '{}', :at)"
            " ON CONFLICT (kind, key) DO UPDATE SET state = 'ready', attempts = 0, run_at = :at,"
            " finished_at = NULL WHERE work.state = 'done'"
            " OR (work.state = 'failed' AND work.run_at <= :at)"
        ),
        {"kind": kind, "key": key, "at": at},
    )
    await notify(tx, "work", kind)


async def lease(
    db: Database,
    kinds: Sequence[str],
    *,
    owner: str,
    clock: Clock,
    limit: int = 10,
    seconds: int = 60,
) -> list[Leased]:
    """Take up to `limit` due rows for `seconds`; rows of dead workers come back reclaimed."""
    now = clock.now()
    async with db.begin() as tx:
        found = await tx.execute(
            text("""
            WITH due AS (
                SELECT id, state FROM work
                WHERE kind = ANY(:kinds)
                  AND ((state = 'ready' AND run_at <= :now)
                       OR (state = 'leased' AND lease_until < :now))
                ORDER BY run_at LIMIT :limit FOR UPDATE SKIP LOCKED)
            UPDATE work w SET state = 'leased', owner = :owner, fence = w.fence + 1,
                attempts = w.attempts + 1, lease_until = :until,
                errors = w.errors + CASE WHEN due.state = 'leased' THEN 1 ELSE 0 END
            FROM due WHERE w.id = due.id
            RETURNING w.id, w.kind, w.key, w.payload, w.fence, w.attempts,
                due.state = 'leased' AS reclaimed, w.errors
            """),
            {
                "kinds": list(kinds),
                "now": now,
                "owner": owner,
                "limit": limit,
                "until": now + timedelta(seconds=seconds),
            },
        )
        return [Leased(*row) for row in found]


async def _settle(tx: AsyncConnection, leased: Leased, change: str, **values: Any) -> None:
    found = await tx.execute(
        text(
            f"UPDATE work SET {change} WHERE id = :id AND fence = :fence"  # noqa: S608 - constants below
            " AND state = 'leased' RETURNING id"
        ),
        {"id": leased.id, "fence": leased.fence, **values},
    )
    if found.scalar_one_or_none() is None:
        raise LeaseLost(work=leased.id, kind=leased.kind)


async def check(tx: AsyncConnection, leased: Leased) -> None:
    """Raise `LeaseLost` when another has taken the row over; locks it until `tx` ends."""
    await _settle(tx, leased, "fence = fence")


async def extend(tx: AsyncConnection, leased: Leased, *, until: datetime) -> None:
    """Keep the row until `until`."""
    await _settle(tx, leased, "lease_until = :until", until=until)


async def finish(tx: AsyncConnection, leased: Leased) -> None:
    """The work is done."""
    await _settle(
        tx,
        leased,
        "state = 'done', finished_at = now(), last_error = NULL, errors = 0, given_up_at = NULL",
    )


async def retry(tx: AsyncConnection, leased: Leased, *, at: datetime, error: str) -> None:
    """Not done: try again at `at`."""
    await _settle(
        tx, leased, "state = 'ready', run_at = :at, last_error = :error", at=at, error=error
    )


async def postpone(tx: AsyncConnection, leased: Leased, *, at: datetime) -> None:
    """Not yet: the row is due at `at`; does not count as a try."""
    await _settle(tx, leased, "state = 'ready', run_at = :at, attempts = attempts - 1", at=at)


async def fail(tx: AsyncConnection, leased: Leased, error: str) -> None:
    """Given up: a person has to look."""
    await _settle(
        tx, leased, "state = 'failed', finished_at = now(), last_error = :error", error=error
    )


async def mark_uncertain(tx: AsyncConnection, leased: Leased, error: str) -> None:
    """It may have been done: only proof or a person settles it, never a second try."""
    await _settle(
        tx, leased, "state = 'uncertain', finished_at = now(), last_error = :error", error=error
    )


async def give_back(tx: AsyncConnection, leased: Leased) -> None:
    """It was never begun: another may take it at once; does not count as a try."""
    counted = ", errors = errors - 1" if leased.reclaimed else ""
    await _settle(
        tx, leased, f"state = 'ready', attempts = attempts - 1, lease_until = NULL{counted}"
    )


async def failed_try(
    tx: AsyncConnection, leased: Leased, error: str, *, at: datetime, tries: int
) -> bool:
    """A try ended in `error` at `at`: try again after a growing pause, or give up.

    Returns True when it was given up: then it is `failed`, listed by `work_left.given_up`, and waits for a
    person, or for the next `wake` after the longest pause.
    """
    errors = leased.errors + 1
    if errors < tries:
        pause = min(RETRY_FIRST_S * 2 ** min(errors - 1, 10), RETRY_LONGEST_S)
        await _settle(
            tx,
            leased,
            "state = 'ready', run_at = :at, last_error = :error, errors = :errors",
            at=at + timedelta(seconds=pause),
            error=error,
            errors=errors,
        )
        return False
    await _settle(
        tx,
        leased,
        "state = 'failed', finished_at = now(), run_at = :at, last_error = :error,"
        " errors = :errors, given_up_at = coalesce(given_up_at, :now)",
        at=at + timedelta(seconds=RETRY_LONGEST_S),
        now=at,
        error=error,
        errors=errors,
    )
    await notify(tx, "desk", json.dumps({"what": "work"}))
    return True


Work = Callable[[Leased], Awaitable[None]]
#: What a room does about work of its own that is given up, in the same transaction.
OnGivenUp = Callable[[AsyncConnection, Leased], Awaitable[None]]


def _open() -> bool:
    return True


class Worker:
    """Takes rows of the kinds it has handlers for, and runs them side by side.

    A handler settles its row itself (`finish`, `retry`, …) in the transaction of its effect. A
    handler that raises has its row tried again later with growing pauses, and given up after
    `tries` of them; one whose lease is lost is left alone.
    """

    def __init__(
        self,
        db: Database,
        handlers: Mapping[str, Work],
        *,
        owner: str,
        clock: Clock,
        limit: int = 10,
        seconds: int = 60,
        gates: Mapping[str, Callable[[], bool]] | None = None,
        tries: int = TRIES,
        on_given_up: Mapping[str, OnGivenUp] | None = None,
    ) -> None:
        """`handlers` by kind of work; `owner` names this process; `seconds` is a lease's length.

        While the gate of a kind says no (its gateway is away) no row of it is taken: a thousand
        of them would otherwise be taken and put back each second, and hold up all other work.
        """
        self.db = db
        self.handlers = dict(handlers)
        self.owner = owner
        self.clock = clock
        self.limit = limit
        self.seconds = seconds
        self.gates = dict(gates or {})
        self.tries = tries
        self.on_given_up = dict(on_given_up or {})
        self._running: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then wait for what is under way; what is not begun is given back."""
        self._stop = stop
        async for _ in listen(self.db.dsn(), "work", stop=stop):
            try:
                while not stop.is_set() and await self.run_once():
                    pass
            except Unavailable as error:
                log.warning("worker waits for the database", owner=self.owner, code=error.code)
                await asyncio.sleep(0.5)
        if self._running:
            await asyncio.wait(self._running)

    async def run_once(self) -> int:
        """Take and start one batch; waits while `limit` rows are under way. Returns rows taken."""
        while len(self._running) >= self.limit:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        open_now = tuple(kind for kind in self.handlers if self.gates.get(kind, _open)())
        if not open_now or self._stop.is_set():
            return 0
        taken = await lease(
            self.db,
            open_now,
            owner=self.owner,
            clock=self.clock,
            limit=self.limit - len(self._running),
            seconds=self.seconds,
        )
        if self._stop.is_set():
            await self._give_back(taken)
            return 0
        for leased in taken:
            task = asyncio.create_task(self._one(leased))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(taken)

    async def idle(self) -> None:
        """Run until nothing due is left and nothing is under way (for tests and commands)."""
        while await self.run_once() or self._running:
            if self._running:
                await asyncio.wait(set(self._running))

    async def _give_back(self, taken: Sequence[Leased]) -> None:
        async with self.db.begin() as tx:
            for leased in taken:
                await give_back(tx, leased)

    async def _one(self, leased: Leased) -> None:
        if leased.reclaimed and leased.errors >= self.tries:
            await self._failed(leased, "WorkerLost")
            return
        task = asyncio.ensure_future(self.handlers[leased.kind](leased))
        await asyncio.wait({task})
        error = task.exception()
        if error is None:
            return
        if isinstance(error, LeaseLost):
            log.warning("lease lost", work=leased.id, kind=leased.kind)
            return
        log.error("work failed", work=leased.id, kind=leased.kind, exc_info=error)
        await self._failed(leased, type(error).__name__)

    async def _failed(self, leased: Leased, error: str) -> None:
        ERRORS.labels(leased.kind).inc()
        try:
            async with self.db.begin() as tx:
                over = await failed_try(tx, leased, error, at=self.clock.now(), tries=self.tries)
                if over:
                    await self._tell_room(tx, leased)
        except (LeaseLost, Unavailable):
            log.warning("row left to its lease's end", work=leased.id, kind=leased.kind)
            return
        if over:
            GIVEN_UP.labels(leased.kind).inc()
            log.error("work given up", work=leased.id, kind=leased.kind, error=error)

    async def _tell_room(self, tx: AsyncConnection, leased: Leased) -> None:
        """The row is given up whatever becomes of this."""
        tell = self.on_given_up.get(leased.kind)
        if tell is None:
            return
        point = await tx.begin_nested()
        task = asyncio.ensure_future(tell(tx, leased))
        await asyncio.wait({task})
        error = task.exception()
        if error is None:
            await point.commit()
            # The room shows it to a person in its own words.
            await tx.execute(
                text("UPDATE work SET given_up_at = NULL WHERE id = :id"), {"id": leased.id}
            )
            return
        await point.rollback()
        log.error("nobody told of given up work", work=leased.id, exc_info=error)
