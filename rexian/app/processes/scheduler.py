"""`rexian run scheduler`: a clock that wakes work rows, and holds no state.

Each tick only makes a row of the table `work` ready; the worker does the work. Ticks missed while
this process, or the database, was down are caught up: every row is woken at start, late ticks run
as soon as they can and once (coalesced), and a tick that found no database is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from prometheus_client import Counter, Gauge

from exchange import inbox
from exchange.folders import Folders
from hotspot import service as hotspot
from rexian.app import chores
from rexian.app.wiring import build
from rexian.kernel import work
from rexian.kernel.clock import SHANGHAI, Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import Unavailable
from rexian.kernel.logs import log
from rexian.kernel.metrics import registry
from rexian.kernel.settings import Settings

TICKS = Counter(
    "rexian_scheduler_ticks", "Ticks by job and outcome", ["job", "outcome"], registry=registry
)
LAST = Gauge(
    "rexian_scheduler_last_tick",
    "When a job last ticked (Unix time, s)",
    ["job"],
    registry=registry,
)
AGAIN_S = 5
"""Seconds after which a tick that found no database is tried again."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Tick:
    """Work that recurs: the row it wakes (`kind`, `key`), when, and only if `due` says so."""

    kind: str
    key: str
    trigger: BaseTrigger
    due: Callable[[], bool] = _always


def ticks(settings: Settings) -> tuple[Tick, ...]:
    """List everything that recurs."""
    folders = Folders(settings.path("exchange"))
    folders.create()

    def files_wait() -> bool:
        return bool(folders.waiting() or folders.under_way())

    midnight = CronTrigger(hour=0, minute=0, second=5, timezone=SHANGHAI)
    return (
        Tick(inbox.KIND, inbox.KEY, IntervalTrigger(seconds=2), files_wait),
        Tick(chores.DEADLINES, "all", IntervalTrigger(minutes=1)),
        Tick(hotspot.KIND, hotspot.KEY, IntervalTrigger(minutes=10)),
        Tick(hotspot.KIND, hotspot.KEY, midnight),
        Tick(chores.ROOT, "hourly", CronTrigger(minute=0, timezone=SHANGHAI)),
        Tick(chores.SESSIONS, "ended", CronTrigger(minute=30, timezone=SHANGHAI)),
        Tick(chores.PURGE, "daily", CronTrigger(hour=3, minute=20, timezone=SHANGHAI)),
    )


class Waker:
    """Runs the ticks."""

    def __init__(self, db: Database, clock: Clock, jobs: Sequence[Tick]) -> None:
        """`clock` gives the time at which woken work is due."""
        self.db = db
        self.clock = clock
        self.jobs = tuple(jobs)
        self.scheduler = AsyncIOScheduler(
            timezone=SHANGHAI,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to tick; each job at once, then by its trigger."""
        now = datetime.now(SHANGHAI)
        self.scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        for number, job in enumerate(self.jobs):
            self.scheduler.add_job(
                partial(self.tick, job),
                job.trigger,
                id=f"{number}:{job.kind}",
                name=job.kind,
                next_run_time=now,
            )
        self.scheduler.start()

    def close(self) -> None:
        """Stop ticking; a waking under way is left to end."""
        self.scheduler.shutdown(wait=False)

    async def tick(self, job: Tick) -> None:
        """Wake the job's work row if it is due; without a database, try again soon."""
        if not await asyncio.to_thread(job.due):
            TICKS.labels(job.kind, "nothing").inc()
            return
        try:
            async with self.db.begin() as tx:
                await work.wake(tx, job.kind, job.key, at=self.clock.now())
        except Unavailable:
            self._again(job)
            return
        TICKS.labels(job.kind, "woken").inc()
        LAST.labels(job.kind).set_to_current_time()

    def _again(self, job: Tick) -> None:
        TICKS.labels(job.kind, "unavailable").inc()
        log.warning("tick waits for the database", job=job.kind)
        if self.scheduler.running:
            self.scheduler.add_job(
                partial(self.tick, job),
                "date",
                run_date=datetime.now(SHANGHAI) + timedelta(seconds=AGAIN_S),
                id=f"again:{job.kind}",
                name=job.kind,
                replace_existing=True,
            )

    def _failed(self, event: JobExecutionEvent) -> None:
        TICKS.labels(str(event.job_id).partition(":")[2], "failed").inc()
        log.error("tick failed", job=event.job_id, error=type(event.exception).__name__)


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Tick until `stop`."""
    services = build(settings, pool_size=2)
    waker = Waker(services.db, services.clock, ticks(settings))
    waker.start()
    try:
        await stop.wait()
    finally:
        waker.close()
        await services.close()
