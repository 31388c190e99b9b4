"""`rexian run worker`: readers of the event log, and the senders and importers of leased work."""

from __future__ import annotations

import asyncio
import os
import socket

from exchange import feed
from exchange.folders import Folders
from exchange.inbox import KIND as INBOX
from exchange.inbox import Inbox
from hotspot import service as hotspot
from outbound import worker as outbound
from rexian.app.chores import Chores
from rexian.app.wiring import build
from rexian.kernel.settings import Settings
from rexian.kernel.work import Work, Worker

#: Longer than any handler needs: the carrier answers within 10 s, the database is waited for 20 s.
LEASE_S = 40
AT_ONCE = 20


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Read and work until `stop`."""
    services = build(settings, pool_size=16)
    db, clock = services.db, services.clock
    password = services.secrets.get("sms", "password")
    mail = services.secrets.get("mail", "password") if settings.notices.mail_user else ""
    room = outbound.build(db, clock, settings, smpp_password=password, mail_password=mail)
    everything: dict[str, Work] = {
        **room.handlers,
        INBOX: Inbox(db, Folders(settings.path("exchange")), clock).handle,
        hotspot.KIND: hotspot.Recompute(db, clock).handle,
        **Chores(db, clock, settings.file("keys", "audit.pem"), settings.kept).handlers(),
    }
    # SMS have hands of their own: a mail server that hangs holds up no emergency notice.
    own = {kind: everything.pop(kind) for kind in room.gates}
    workers = [
        Worker(
            db,
            handlers,
            owner=f"worker@{socket.gethostname()}:{os.getpid()}",
            clock=clock,
            limit=AT_ONCE,
            seconds=LEASE_S,
            gates=room.gates,
            tries=settings.work_tries,
            on_given_up=room.on_given_up,
        )
        for handlers in (own, everything)
    ]
    await room.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(room.reader.run(stop))
        tasks.create_task(feed.reader(db, clock).run(stop))
        tasks.create_task(hotspot.reader(db, clock).run(stop))
        for worker in workers:
            tasks.create_task(worker.run(stop))
        tasks.create_task(_hold_when(stop, room))
    await room.stop()
    await services.close()


async def _hold_when(stop: asyncio.Event, room: outbound.Outbound) -> None:
    """Told to stop, nothing new goes out, and what waits to go out is given back at once."""
    await stop.wait()
    room.hold()
