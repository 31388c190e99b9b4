"""A whole telephone side for a test: Asterisk, PostgreSQL, the follower and its worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from calls.apply import Mirror
from calls.follower import Follower
from calls.model import Attempt, Call
from calls.originate import Dialler
from calls.queue_log import QueueLog
from calls.resync import Resync
from calls.seats import SeatWorker
from calls.service import ORIGINATE_WORK, SEAT_WORK
from rexian.app.telephone import measure
from rexian.kernel.clock import SystemClock
from rexian.kernel.db import Database
from rexian.kernel.work import Worker
from tests.support.asterisk import RealAsterisk, running_asterisk, telephone_settings
from tests.support.sip import SipPhone
from tests.support.wait import until


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAsterisk]:
    settings = telephone_settings(tmp_path_factory.mktemp("home"), duty_after_s=2)
    with running_asterisk(settings) as made:
        yield made


@dataclass
class Heard:
    """What the listeners were told, in order."""

    home: Path
    recordings: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, Call]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    since: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    )

    async def call_started(self, tx: AsyncConnection, call: Call) -> None:
        self.calls.append(("started", call))

    async def call_queued(self, tx: AsyncConnection, call: Call) -> None:
        self.calls.append(("queued", call))

    async def call_answered(self, tx: AsyncConnection, call: Call, seat: str, at: datetime) -> None:
        self.calls.append(("answered", call))

    async def call_ended(self, tx: AsyncConnection, call: Call) -> None:
        measured = measure(self.home / "recordings" / call.recording)
        self.recordings[call.id] = measured[0] if measured else 0
        self.calls.append(("ended", call))

    async def attempt_finished(self, tx: AsyncConnection, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def of(self, what: str) -> list[Call]:
        """Calls of this test: what a resync brings of earlier ones is left out."""
        return [call for told, call in self.calls if told == what and call.started_at > self.since]


@dataclass
class Side:
    """The running room."""

    asterisk: RealAsterisk
    db: Database
    heard: Heard
    follower: Follower

    async def until(self, condition: Callable[[], object], seconds: float = 15) -> None:
        await until(condition, seconds)

    @asynccontextmanager
    async def phone(self, name: str, *, answer: bool = True) -> AsyncIterator[SipPhone]:
        """A registered phone: seat-1001, duty, or the carrier's trunk."""
        phone = SipPhone(
            name, self.asterisk.secret(name), self.asterisk.settings.ports.sip, answer=answer
        )
        await phone.open()
        if name != "trunk":
            await phone.register()
        try:
            yield phone
        finally:
            await phone.close()


@asynccontextmanager
async def following(asterisk: RealAsterisk, db: Database, heard: Heard) -> AsyncIterator[Side]:
    """Run the follower and the worker as the process `calls` does."""
    stop = asyncio.Event()
    clock = SystemClock()
    logs = asterisk.settings.home / "asterisk" / "log"
    queue_log = QueueLog(logs / "queue_log")
    received = asterisk.settings.home / "fax" / "received"
    mirror = Mirror(
        heard, heard, lambda key: f"{key}.tif" if (received / f"{key}.tif").exists() else ""
    )
    port = asterisk.settings.ports.ami
    follower = Follower(
        db, mirror, queue_log, clock, port=port, secret=asterisk.secret("ami-follower")
    )
    seats = SeatWorker(db, follower.connection, clock)
    follower.resync = Resync(db, mirror, seats, queue_log, logs / "cdr-csv" / "Master.csv")
    dialler = Dialler(db, clock, heard, port=port, secret=asterisk.secret("ami-dialler"))
    worker = Worker(
        db,
        {SEAT_WORK: seats.handle, ORIGINATE_WORK: dialler.handle},
        owner="test",
        clock=clock,
        seconds=5,
    )
    running = [
        asyncio.create_task(follower.run(stop)),
        asyncio.create_task(worker.run(stop)),
    ]
    try:
        await asyncio.wait_for(follower.following.wait(), 10)
        yield Side(asterisk, db, heard, follower)
    finally:
        stop.set()
        dialler.close()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.gather(*running), 10)


@pytest.fixture
async def side(asterisk: RealAsterisk, db: Database) -> AsyncIterator[Side]:
    async with following(asterisk, db, Heard(asterisk.settings.home)) as made:
        yield made
