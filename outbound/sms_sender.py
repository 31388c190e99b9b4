"""Sends SMS: takes leased work, writes `sending` before any octet leaves, then what came of it.

What a dead worker left in `sending` becomes `uncertain` and is never sent again by itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound import progress, receiving
from outbound.model import Channel, State
from outbound.quiet import QuietHours
from outbound.tables import parts
from rexian.kernel import work
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import Unavailable
from rexian.kernel.work import Leased
from sms.account import NotSent, Refused, Throttled, Unanswered
from sms.codec.smpp_constants import REGISTERED_DELIVERY_FINAL, Npi, Tag, Ton
from sms.codec.smpp_fields import Tlv
from sms.codec.smpp_message import SubmitSm

log = structlog.get_logger()

#: A part that the carrier keeps throttling is given up after so many tries (about half an hour).
MAX_ATTEMPTS = 60
PAUSE_UNBOUND = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=15)
#: Writing down what came of a submit is tried again for so long while the database is away.
RECORD_FOR_S = 20.0


class Carrier(Protocol):
    """What sends one PDU; `sms.client.SmppClient` fits."""

    @property
    def bound(self) -> bool:
        """Whether there is a session."""

    async def submit(self, pdu: SubmitSm) -> str:
        """Raises NotSent, Throttled, Refused, Unanswered; returns the carrier's id."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of submitting one part."""

    part_id: int
    state: State
    carrier_message_id: str | None = None
    error: str = ""
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SmsSender:
    """The handler of work rows `outbound.sms`."""

    db: Database
    clock: Clock
    carrier: Carrier
    source_addr: str
    quiet: QuietHours

    async def __call__(self, leased: Leased) -> None:
        """Send what waits of one message and settle the work row."""
        to_send = await self._begin(leased)
        if not to_send:
            return
        recipient, rows = to_send
        outcomes = await asyncio.gather(*(self._submit(row, recipient) for row in rows))
        await self._record(leased, recipient, outcomes)

    async def _begin(self, leased: Leased) -> tuple[str, list[Row[Any]]] | None:
        """Commit `sending` for the waiting parts; None when there is nothing to send now."""
        now = self.clock.now()
        async with self.db.begin() as tx:
            await work.check(tx, leased)
            message = await progress.lock(tx, leased.payload["message"])
            if message is None:
                await work.fail(tx, leased, "no such message")
                return None
            if message.state == State.SENDING.value:
                await self._doubt(tx, message, leased)
                return None
            if message.state != State.WAITING.value:
                await work.finish(tx, leased)
                return None
            hold = self._not_before(message, now)
            if hold > now:
                await progress.hold(tx, message, leased, hold)
                return None
            if not self.carrier.bound:
                await work.postpone(tx, leased, at=now + PAUSE_UNBOUND)
                return None
            waiting = await tx.execute(
                update(parts)
                .where(parts.c.message_id == message.id, parts.c.state == State.WAITING.value)
                .values(state=State.SENDING.value, error="")
                .returning(*parts.c)
            )
            rows = sorted(waiting.all(), key=lambda row: int(row.number))
            await progress.move(tx, message, State.SENDING, at=now)
        return message.recipient, rows

    def _not_before(self, message: Row[Any], now: datetime) -> datetime:
        """When it may go out: one held up by the carrier may have come into quiet hours.

        What was let out in quiet hours (ADR 8) stays so for the grace that let it out.
        """
        set_for: datetime = message.send_after
        if set_for > now:
            return set_for
        let_out = set_for if self.quiet.quiet_at(set_for) else None
        return self.quiet.earliest(now, Channel.SMS, urgent=message.urgent, last_contact_at=let_out)

    async def _doubt(self, tx: AsyncConnection, message: Row[Any], leased: Leased) -> None:
        """An earlier worker died between `sending` and writing down what came of it."""
        await tx.execute(
            update(parts)
            .where(parts.c.message_id == message.id, parts.c.state == State.SENDING.value)
            .values(state=State.UNCERTAIN.value, error="worker_lost")
        )
        await progress.fold(tx, message.id, at=self.clock.now())
        await work.mark_uncertain(tx, leased, "worker lost while sending")
        log.warning("notice uncertain", message=message.id)

    async def _submit(self, part: Row[Any], recipient: str) -> Outcome:
        pdu = SubmitSm(
            source_addr_ton=Ton.UNKNOWN,
            source_addr_npi=Npi.ISDN,
            source_addr=self.source_addr,
            dest_addr_ton=Ton.INTERNATIONAL,
            dest_addr_npi=Npi.ISDN,
            destination_addr=recipient.removeprefix("+"),
            esm_class=part.esm_class,
            registered_delivery=REGISTERED_DELIVERY_FINAL,
            data_coding=part.data_coding,
            short_message=bytes(part.user_data),
            tlvs=(Tlv(Tag.user_message_reference, part.reference.to_bytes(2, "big")),),
        )
        try:
            carrier_id = await self.carrier.submit(pdu)
        except Throttled as error:
            return Outcome(
                part.id, State.WAITING, error="throttled", pause_s=max(error.retry_after_s, 0.05)
            )
        except NotSent:
            return Outcome(part.id, State.WAITING, error="not_bound", pause_s=1.0)
        except Refused as error:
            return Outcome(part.id, State.FAILED, error=error.command_status)
        except Unanswered:
            return Outcome(part.id, State.UNCERTAIN, error="unanswered")
        return Outcome(part.id, State.SENT, carrier_id)

    async def _record(self, leased: Leased, recipient: str, outcomes: list[Outcome]) -> None:
        """Write down what came of it, through a short absence of the database."""
        deadline = asyncio.get_running_loop().time() + RECORD_FOR_S
        while True:
            try:
                async with self.db.begin() as tx:
                    await work.check(tx, leased)
                    await receiving.one_at_a_time(tx, recipient)
                    await self._settle(tx, leased, outcomes)
            except Unavailable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.3)
                continue
            return

    async def _settle(self, tx: AsyncConnection, leased: Leased, outcomes: list[Outcome]) -> None:
        now = self.clock.now()
        message_id = leased.payload["message"]
        await progress.lock(tx, message_id)
        for one in outcomes:
            # A receipt may have been faster than the answer: what it said stays.
            await tx.execute(
                update(parts)
                .where(parts.c.id == one.part_id, parts.c.state == State.SENDING.value)
                .values(state=one.state.value, error=one.error)
            )
            await tx.execute(
                update(parts)
                .where(parts.c.id == one.part_id)
                .values(
                    answered_at=now,
                    carrier_message_id=func.coalesce(
                        one.carrier_message_id, parts.c.carrier_message_id
                    ),
                )
            )
        await receiving.match_early(tx, [one.part_id for one in outcomes])
        await _leave_out(tx, message_id)
        state = await progress.fold(tx, message_id, at=now)
        await self._settle_work(tx, leased, outcomes, state)

    async def _settle_work(
        self, tx: AsyncConnection, leased: Leased, outcomes: list[Outcome], state: State | None
    ) -> None:
        pauses = [one.pause_s for one in outcomes if one.state is State.WAITING]
        if state is State.UNCERTAIN:
            await work.mark_uncertain(tx, leased, "no answer from the carrier")
        elif state is State.FAILED:
            refused = (one.error for one in outcomes if one.error)
            await work.fail(tx, leased, next(refused, "receipt: not delivered"))
        elif pauses and leased.attempts >= MAX_ATTEMPTS:
            await self._give_up(tx, leased)
        elif pauses:
            pause = min(timedelta(seconds=max(pauses)), LONGEST_PAUSE)
            await work.retry(tx, leased, at=self.clock.now() + pause, error=outcomes[0].error)
        else:
            await work.finish(tx, leased)

    async def _give_up(self, tx: AsyncConnection, leased: Leased) -> None:
        message_id = leased.payload["message"]
        await tx.execute(
            update(parts)
            .where(parts.c.message_id == message_id, parts.c.state == State.WAITING.value)
            .values(state=State.FAILED.value, error="throttled_too_long")
        )
        await progress.fold(tx, message_id, at=self.clock.now())
        await work.fail(tx, leased, "throttled too long")


async def _leave_out(tx: AsyncConnection, message_id: str) -> None:
    """Fail the parts still to be sent of a message that is spoilt already.

    Its work ends here: a person decides on the whole. Left `waiting` they would be forgotten when
    a late receipt settles the uncertain part beside them.
    """
    beside = parts.alias()
    spoilt = select(beside.c.id).where(
        beside.c.message_id == message_id,
        beside.c.state.in_([State.FAILED.value, State.UNCERTAIN.value]),
    )
    await tx.execute(
        update(parts)
        .where(
            parts.c.message_id == message_id,
            parts.c.state == State.WAITING.value,
            spoilt.exists(),
        )
        .values(state=State.FAILED.value, error="not_sent")
    )
