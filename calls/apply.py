"""Applies a change to the mirror and tells whom it concerns, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from calls import store
from calls.mirror import (
    Abandoned,
    Answered,
    AttemptDone,
    AttemptPlaced,
    Change,
    Decided,
    Ended,
    Moment,
    Queued,
    SeatChanged,
    Started,
    Talked,
)
from calls.ports import AttemptListener, CallListener, NobodyListens
from rexian.kernel.notify import notify

DESK = "desk"
_NOBODY = NobodyListens()


async def tell_desk(tx: AsyncConnection, seat: str, what: str, call: str = "") -> None:
    """Wake the desk of `seat`; `what` is call, ringing, ended or seat."""
    payload = {"seat": seat, "what": what, "call": call}
    await notify(tx, DESK, json.dumps(payload))


@dataclass(frozen=True, slots=True)
class Mirror:
    """Applies changes. `received` names the page file a development fax left, or "".

    A `quiet` one wakes no desk: for calls that are long over.
    """

    calls: CallListener = _NOBODY
    attempts: AttemptListener = _NOBODY
    received: Callable[[str], str] = lambda _key: ""
    quiet: bool = False

    async def apply(self, tx: AsyncConnection, change: Change, *, by: str = "hangup") -> None:
        """Apply one change; applied before, it does nothing."""
        match change:
            case Started() | Decided() | Queued() | Abandoned():
                await self._before_answer(tx, change)
            case Moment():
                await self._moment(tx, change)
            case Answered():
                await self._answered(tx, change)
            case Talked():
                await self._talked(tx, change)
            case Ended(uniqueid, at):
                await self._ended(tx, uniqueid, at, by)
            case SeatChanged():
                await self._seat(tx, change)
            case AttemptDone() | AttemptPlaced():
                await self._attempt(tx, change)

    async def _tell(self, tx: AsyncConnection, seat: str, what: str, call: str = "") -> None:
        if not self.quiet:
            await tell_desk(tx, seat, what, call)

    async def _before_answer(
        self, tx: AsyncConnection, change: Started | Decided | Queued | Abandoned
    ) -> None:
        match change:
            case Started(uniqueid, channel, line, caller, at):
                call = await store.start(
                    tx, uniqueid, channel=channel, line=line, caller=caller, at=at
                )
                if call:
                    await store.note(tx, call.id, "started", at)
                    await self.calls.call_started(tx, call)
            case Decided(uniqueid, decision, stage, reason, at):
                call = await store.decide(
                    tx, uniqueid, decision=decision, stage=stage, reason=reason
                )
                if call:
                    detail = {"decision": decision, "stage": stage, "reason": reason}
                    await store.note(tx, call.id, "menu", at, detail=detail)
            case Queued(uniqueid, queue, position, at):
                call = await store.queue(tx, uniqueid, queue=queue, position=position, at=at)
                if call:
                    detail = {"queue": queue, "position": str(position)}
                    await store.note(tx, call.id, "queued", at, detail=detail)
                    await self.calls.call_queued(tx, call)
            case Abandoned(uniqueid, at):
                call = await store.abandon(tx, uniqueid, at=at)
                if call:
                    await store.note(tx, call.id, "abandoned", at)

    async def _moment(self, tx: AsyncConnection, change: Moment) -> None:
        call = await store.get(tx, change.uniqueid)
        if call is None:
            return
        await store.note(tx, call.id, change.what, change.at, seat=change.seat)
        if change.what in {"ringing", "no_answer"} and change.seat:
            await self._tell(tx, change.seat, change.what, call.id)

    async def _answered(self, tx: AsyncConnection, change: Answered) -> None:
        call = await store.answer(tx, change.uniqueid, seat=change.seat, at=change.at)
        if call is None:
            return
        await store.seat_takes(tx, change.seat, call.id, change.at)
        await store.note(tx, call.id, "answered", change.at, seat=change.seat)
        await self.calls.call_answered(tx, call, change.seat, change.at)
        await self._tell(tx, change.seat, "call", call.id)

    async def _talked(self, tx: AsyncConnection, change: Talked) -> None:
        call = await store.talked(tx, change.uniqueid, at=change.at)
        if call is None:
            return
        detail = {"by": change.by}
        await store.note(tx, call.id, "talk_ended", change.at, seat=change.seat, detail=detail)
        for seat in await store.seat_leaves(tx, call.id, change.at):
            await self._tell(tx, seat, "ended", call.id)

    async def _ended(self, tx: AsyncConnection, uniqueid: str, at: datetime, by: str) -> None:
        call = await store.end(tx, uniqueid, by=by, at=at)
        if call is None:
            return
        await store.note(tx, call.id, "ended", call.ended_at or at, detail={"by": by})
        await self.calls.call_ended(tx, call)
        for seat in await store.seat_leaves(tx, call.id, at):
            await self._tell(tx, seat, "ended", call.id)

    async def _seat(self, tx: AsyncConnection, change: SeatChanged) -> None:
        changed = await store.set_seat(
            tx,
            change.seat,
            signed_in=change.signed_in,
            paused=change.paused,
            phone=change.phone,
            at=change.at,
        )
        if changed:
            await self._tell(tx, change.seat, "seat")

    async def _attempt(self, tx: AsyncConnection, change: AttemptDone | AttemptPlaced) -> None:
        if isinstance(change, AttemptPlaced) and change.ok:
            return
        code = change.code if isinstance(change, AttemptDone) else change.reason
        proof = dict(change.proof) if isinstance(change, AttemptDone) else {}
        received = self.received(change.key) if change.ok else ""
        ended = await store.finish_attempt(
            tx,
            change.key,
            state="done" if change.ok else "failed",
            code=code,
            proof=proof | ({"received": received} if received else {}),
            at=change.at,
        )
        if ended is not None:
            await self.attempts.attempt_finished(tx, ended)
