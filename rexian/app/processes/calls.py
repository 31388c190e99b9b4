"""The AMI follower: mirrors calls and seats, and carries out what desks and notices ask for."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

from calls.apply import Mirror
from calls.asterisk_conf import SECRET_GROUP
from calls.follower import Follower
from calls.originate import Dialler
from calls.queue_log import QueueLog
from calls.resync import Resync
from calls.seats import SeatWorker
from calls.service import ORIGINATE_WORK, SEAT_WORK
from rexian.app.telephone import Listeners
from rexian.app.wiring import build
from rexian.kernel import phone
from rexian.kernel.settings import Settings
from rexian.kernel.work import Worker

#: A killed follower's rows come back after this many seconds.
LEASE_S = 10
#: The tables of areas are loaded so long after the start, when the others have started too.
AREAS_AFTER_S = 3.0


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Follow Asterisk and execute seat and originate work until `stop`."""
    services = build(settings, pool_size=5)
    listeners = Listeners(settings, services.clock)
    logs = settings.home / "asterisk" / "log"
    queue_log = QueueLog(logs / "queue_log")
    mirror = Mirror(listeners, listeners, listeners.received)
    follower = Follower(
        services.db,
        mirror,
        queue_log,
        services.clock,
        port=settings.ports.ami,
        secret=services.secrets.get(SECRET_GROUP, "ami-follower"),
    )
    seats = SeatWorker(services.db, follower.connection, services.clock)
    follower.resync = Resync(services.db, mirror, seats, queue_log, logs / "cdr-csv" / "Master.csv")
    dialler = Dialler(
        services.db,
        services.clock,
        listeners,
        port=settings.ports.ami,
        secret=services.secrets.get(SECRET_GROUP, "ami-dialler"),
    )
    worker = Worker(
        services.db,
        {SEAT_WORK: seats.handle, ORIGINATE_WORK: dialler.handle},
        owner=f"calls@{socket.gethostname()}:{os.getpid()}",
        clock=services.clock,
        seconds=LEASE_S,
    )
    try:
        await asyncio.gather(follower.run(stop), worker.run(stop), _learn_areas(stop))
    finally:
        dialler.close()
        await services.close()


async def _learn_areas(stop: asyncio.Event) -> None:
    """Load the areas' names before the first pop-up needs one, beside the loop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), AREAS_AFTER_S)
        return
    await asyncio.to_thread(phone.load_areas)
