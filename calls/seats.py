"""Carries out what seats ask for: work rows `calls.seat`, by AMI on app_queue."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from calls.ami.client import AmiClient, AmiClosed, AmiRefused
from calls.identity import interface_of
from calls.model import SeatAction, SeatView
from calls.service import seat_view
from directory.queries import queues_of
from rexian.kernel import work
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database

log = structlog.get_logger()

TRY_AGAIN_S = 0.5
#: A hang-up that waited longer than this for Asterisk is dropped.
HANG_UP_WITHIN = timedelta(seconds=20)
Connection = Callable[[], AmiClient | None]


class SeatWorker:
    """Executes seat work on whatever connection the follower has now."""

    def __init__(self, db: Database, connection: Connection, clock: Clock) -> None:
        self.db = db
        self.connection = connection
        self.clock = clock
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def handle(self, leased: work.Leased) -> None:
        """Do one row. Without a connection it waits; what a seat wants last counts."""
        seat = str(leased.payload["seat"])
        async with self._busy[seat]:
            async with self.db.begin() as tx:
                view = await seat_view(tx, seat)
                queues = await queues_of(tx, seat)
            asked = SeatAction(leased.payload["action"])
            action = asked if asked is SeatAction.HANG_UP else view.wanted
            if asked is SeatAction.HANG_UP and not self._still_meant(leased, view):
                log.info("hang-up came too late", seat=seat)
                async with self.db.begin() as tx:
                    await work.finish(tx, leased)
                return
            try:
                await self.carry(seat, action, queues)
            except AmiClosed:
                await self._later(leased)
                return
            async with self.db.begin() as tx:
                await work.finish(tx, leased)

    async def carry(self, seat: str, action: SeatAction, queues: tuple[str, ...]) -> None:
        """Have app_queue do it; done before, nothing changes. Raises `AmiClosed`."""
        ami = self.connection()
        if ami is None:
            raise AmiClosed
        interface = interface_of(seat)
        match action:
            case SeatAction.HANG_UP:
                await _tolerant(ami, "Hangup", {"Channel": f"/^{interface}-.*/", "Cause": "16"})
            case SeatAction.SIGN_OUT:
                for queue in queues:
                    await _tolerant(ami, "QueueRemove", {"Queue": queue, "Interface": interface})
            case SeatAction.SIGN_IN | SeatAction.READY | SeatAction.PAUSE:
                paused = "false" if action is SeatAction.READY else "true"
                for queue in queues:
                    await _join(ami, seat, queue, paused)

    async def again(self, seat: str) -> None:
        """Put a seat as it wants to be, after Asterisk lost that. Raises `AmiClosed`."""
        async with self._busy[seat]:
            async with self.db.begin() as tx:
                view = await seat_view(tx, seat)
                queues = await queues_of(tx, seat)
            await self.carry(seat, view.wanted, queues)

    def _still_meant(self, leased: work.Leased, view: SeatView) -> bool:
        """Whether a hang-up is still for the call it was asked in, not for the next caller."""
        call = str(leased.payload.get("call", ""))
        asked_at = datetime.fromisoformat(str(leased.payload["asked_at"]))
        return self.clock.now() - asked_at <= HANG_UP_WITHIN and call in {"", view.call_id or ""}

    async def _later(self, leased: work.Leased) -> None:
        at = self.clock.now() + timedelta(seconds=TRY_AGAIN_S)
        async with self.db.begin() as tx:
            await work.postpone(tx, leased, at=at)


async def _join(ami: AmiClient, seat: str, queue: str, paused: str) -> None:
    interface = interface_of(seat)
    member = {
        "Queue": queue,
        "Interface": interface,
        "StateInterface": interface,
        "MemberName": seat,
        "Penalty": "0",
        "Paused": paused,
    }
    if not await _tolerant(ami, "QueueAdd", member):
        await _tolerant(
            ami, "QueuePause", {"Queue": queue, "Interface": interface, "Paused": paused}
        )


async def _tolerant(ami: AmiClient, name: str, fields: dict[str, str]) -> bool:
    """Ask; False when Asterisk refuses because it is so already (there, gone, no channel)."""
    try:
        await ami.ask(name, fields)
    except AmiRefused as refused:
        log.info("seat action had nothing to do", action=name, **refused.details)
        return False
    return True
