"""Brings the mirror to what Asterisk says now, after either side was away.

Asterisk's live channels and queue members are the present; queue_log and the call detail records
are the past. Nothing is guessed that one of them knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from calls import cdr, store
from calls.ami.client import AmiClient
from calls.ami.wire import Message
from calls.apply import Mirror
from calls.identity import DUTY, QUEUES, SEATS
from calls.mirror import (
    CONTEXTS,
    INBOUND,
    Abandoned,
    Answered,
    Change,
    Ended,
    Queued,
    SeatChanged,
    Started,
    Talked,
    line_of,
    member,
    number,
)
from calls.model import SeatAction
from calls.queue_log import QueueLog, Row
from calls.seats import SeatWorker
from calls.service import seat_views
from rexian.kernel.db import Database

log = structlog.get_logger()

OUTGOING = frozenset({"fax-out", "voice-out"})
ATTEMPT_SETTLES = timedelta(seconds=60)
LOOK_BACK = timedelta(days=1)


class Resync:
    """One comparison of mirror and Asterisk."""

    def __init__(
        self, db: Database, mirror: Mirror, seats: SeatWorker, queue_log: QueueLog, cdr_file: Path
    ) -> None:
        self.db = db
        self.mirror = mirror
        self.seats = seats
        self.queue_log = queue_log
        self.cdr_file = cdr_file

    async def run(self, ami: AmiClient, now: datetime) -> None:
        """Compare and repair; each call in a transaction of its own. Raises `AmiClosed`."""
        channels = await ami.list("CoreShowChannels")
        members = [
            one for one in await ami.list("QueueStatus") if one.get("Event") == "QueueMember"
        ]
        live = {one["Uniqueid"]: one for one in channels if is_inbound(one)}
        # The past before the present: whoever talks now is the last to take a seat.
        await self._gone(set(live), now)
        await self._missed(set(live), now)
        await self._live(live)
        await self._seats(members, now)
        if not any(one.get("Context") in OUTGOING for one in channels):
            await self._attempts(now)

    async def _live(self, live: dict[str, Message]) -> None:
        for uniqueid, channel in live.items():
            started = Started(
                uniqueid,
                channel.get("Channel", ""),
                line_of(channel.get("Exten", "")),
                number(channel.get("CallerIDNum", "")),
                born(uniqueid),
            )
            async with self.db.begin() as tx:
                await self._apply(tx, [started, *self._past(uniqueid)])

    async def _gone(self, live: set[str], now: datetime) -> None:
        async with self.db.begin() as tx:
            known = [call.uniqueid for call in await store.open_calls(tx)]
        ended = [uniqueid for uniqueid in known if uniqueid not in live]
        if not ended:
            return
        records = cdr.read(self.cdr_file)
        for uniqueid in ended:
            record = records.get(uniqueid)
            at = record.ended_at if record else now
            past = self._past(uniqueid)
            last = max((one.at for one in past), default=at)
            async with self.db.begin() as tx:
                await self._apply(tx, [*past, Ended(uniqueid, max(at, last))])
            log.info("call closed at resync", call=uniqueid, known_end=record is not None)

    async def _missed(self, live: set[str], now: datetime) -> None:
        """Take in calls that began and ended while nobody watched."""
        quiet = replace(self.mirror, quiet=True)
        for uniqueid, record in cdr.read(self.cdr_file).items():
            if uniqueid in live or record.started_at < now - LOOK_BACK:
                continue
            async with self.db.begin() as tx:
                if await store.get(tx, uniqueid) is not None:
                    continue
                started = Started(
                    uniqueid, record.channel, record.line, record.caller, record.started_at
                )
                for change in (started, *self._past(uniqueid), Ended(uniqueid, record.ended_at)):
                    await quiet.apply(tx, change, by="resync")

    async def _seats(self, members: list[Message], now: datetime) -> None:
        seats: dict[str, SeatChanged] = {}
        for one in members:
            found = member(one, now)
            if found is not None and found.seat != DUTY:
                seats[found.seat] = found
        async with self.db.begin() as tx:
            for seat in SEATS:
                gone = SeatChanged(seat, signed_in=False, paused=False, phone="unknown", at=now)
                await self.mirror.apply(tx, seats.get(seat, gone))
            wanted = {view.seat: view.wanted for view in await seat_views(tx)}
        for seat in SEATS:
            if not as_wanted(seats.get(seat), wanted[seat]):
                await self.seats.again(seat)

    async def _attempts(self, now: datetime) -> None:
        """Call an outgoing call without channel and without result uncertain."""
        async with self.db.begin() as tx:
            for key in await store.calling(tx, now - ATTEMPT_SETTLES):
                ended = await store.finish_attempt(
                    tx, key, state="uncertain", code="LOST", proof={}, at=now
                )
                if ended is not None:
                    await self.mirror.attempts.attempt_finished(tx, ended)

    def _past(self, uniqueid: str) -> list[Change]:
        rows = self.queue_log.of_call(uniqueid)
        return [found for one in rows if (found := of_row(one)) is not None]

    async def _apply(self, tx: AsyncConnection, changes: Iterable[Change]) -> None:
        for change in changes:
            await self.mirror.apply(tx, change, by="resync")


def is_inbound(channel: Message) -> bool:
    """Whether a live channel is a caller's from the carrier.

    The leg of a call we place on the trunk is in the context `inbound` too, without a line.
    """
    context = channel.get("Context", "")
    if context == INBOUND and line_of(channel.get("Exten", "")) not in QUEUES:
        return False
    return channel.get("Channel", "").startswith("PJSIP/trunk-") and context in CONTEXTS


def as_wanted(found: SeatChanged | None, wanted: SeatAction) -> bool:
    """Whether app_queue has a seat as it asked to be: a killed Asterisk forgets the last second."""
    if found is None or wanted is SeatAction.SIGN_OUT:
        return found is None and wanted is SeatAction.SIGN_OUT
    return found.paused is (wanted is not SeatAction.READY)


def born(uniqueid: str) -> datetime:
    """Return when the channel of this uniqueid (`name-seconds.count`) was made, to the second."""
    seconds = uniqueid.rpartition("-")[2].partition(".")[0]
    return datetime.fromtimestamp(int(seconds), UTC)


def of_row(row: Row) -> Change | None:
    """Return what a line of queue_log changes."""
    match row.verb:
        case "ENTERQUEUE":
            position = row.rest[2] if len(row.rest) > 2 else "0"  # noqa: PLR2004 - url, id, position
            return Queued(row.uniqueid, row.queue, int(position or "0"), row.at)
        case "CONNECT" if row.member:
            return Answered(row.uniqueid, row.member, row.at)
        case "COMPLETEAGENT" | "COMPLETECALLER" if row.member:
            return Talked(row.uniqueid, row.member, row.verb[8:].lower(), row.at)
        case "ABANDON":
            return Abandoned(row.uniqueid, row.at)
        case _:
            return None
