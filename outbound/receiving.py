"""What the carrier delivers: receipts find their parts, people's texts become contacts.

Every deliver_sm is answered only after this transaction is committed; told twice, a receipt
changes nothing the second time and a text stays one contact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound import progress
from outbound.model import State
from outbound.ports import InboundListener
from outbound.redelivery import Answers, digest_of, refers, stored_lately
from outbound.tables import inbound_parts, messages, parts, receipts
from rexian.kernel import work
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import Unavailable
from rexian.kernel.phone import BadNumber, parse
from sms.codec.smpp_constants import CommandStatus, Tag
from sms.codec.smpp_message import DeliverSm
from sms.receipt import ReceiptState, is_receipt, parse_receipt, spellings
from sms.segment import decode_text, split_message

log = structlog.get_logger()

#: A long text whose missing part has not come by then is handed over with a gap.
WAIT_FOR_PARTS = timedelta(minutes=5)
INCOMPLETE = "outbound.inbound_incomplete"
#: Digits of a line in the log; a text to nobody knows whom came over the government's line.
SHORTEST_LINE, LONGEST_LINE, LONGEST_DESTINATION = 3, 8, 20
UNKNOWN_LINE = "12345"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Stores what comes in; `__call__` is the session's `on_deliver`, `answers` its follower."""

    db: Database
    clock: Clock
    listener: InboundListener
    answers: Answers

    @classmethod
    def make(cls, db: Database, clock: Clock, listener: InboundListener) -> Receiver:
        """A receiver that has answered nothing yet."""
        return cls(db, clock, listener, Answers(clock))

    async def __call__(self, pdu: DeliverSm) -> int:
        """Store one deliver_sm; returns the command_status of the answer."""
        try:
            async with self.db.begin() as tx:
                if is_receipt(pdu):
                    await self._receipt(tx, pdu)
                else:
                    await self._text(tx, pdu)
        except Unavailable:
            return CommandStatus.ESME_RX_T_APPN
        return CommandStatus.ESME_ROK

    async def _receipt(self, tx: AsyncConnection, pdu: DeliverSm) -> None:
        receipt = parse_receipt(pdu)
        if receipt is None:
            log.warning("receipt names no message")
            return
        reference = pdu.tlv(Tag.user_message_reference)
        row = {
            "carrier_message_id": receipt.message_id,
            "state": receipt.state.value,
            "error": receipt.error,
            "done_date": receipt.done_date,
            "reference": reference.number if reference else None,
            "phone": canonical(pdu.source_addr),
            "received_at": self.clock.now(),
        }
        await one_at_a_time(tx, pdu.source_addr)
        stored = await tx.execute(insert(receipts).values(row).returning(*receipts.c))
        await _match(tx, stored.one(), self.clock.now())

    async def _text(self, tx: AsyncConnection, pdu: DeliverSm) -> None:
        now = self.clock.now()
        concatenation, octets = split_message(pdu)
        digest = digest_of(pdu)
        reference = concatenation.reference if concatenation else None
        answered = self.answers.begin(digest)
        await _hold_thread(
            tx, pdu.source_addr, pdu.destination_addr, digest if reference is None else reference
        )
        if (refers(pdu) or not answered) and await stored_lately(tx, digest, now):
            return
        stored = await tx.execute(
            insert(inbound_parts)
            .values(
                digest=digest,
                source=pdu.source_addr,
                destination=pdu.destination_addr,
                reference=reference,
                number=concatenation.number if concatenation else 1,
                total=concatenation.total if concatenation else 1,
                body=decode_text(octets, pdu.data_coding).replace("\0", ""),
                received_at=now,
            )
            .returning(*inbound_parts.c)
        )
        part = stored.one()
        if part.total == 1:
            await self._hand_over(tx, [part])
            return
        await self._join(tx, part, now)

    async def _join(self, tx: AsyncConnection, part: Row[Any], now: datetime) -> None:
        """Put a part to the others of its text.

        References come round again (an 8-bit one after 256 texts): what waits too long already, or
        has this part with other words, is another text and is handed over as it is.
        """
        waiting = [one for one in await _thread_of(tx, part) if one.id != part.id]
        if waiting and (
            waiting[0].received_at <= now - WAIT_FOR_PARTS
            or part.number in {one.number for one in waiting}
        ):
            await self._hand_over(tx, waiting)
            waiting = []
        together = [*waiting, part]
        if len(together) == part.total:
            await self._hand_over(tx, together)
        elif not waiting:
            await work.enqueue(
                tx, INCOMPLETE, str(part.id), {"part": part.id}, run_at=now + WAIT_FOR_PARTS
            )

    async def incomplete(self, leased: work.Leased) -> None:
        """Hand over a long text of which a part never came; handler of `INCOMPLETE`."""
        async with self.db.begin() as tx:
            await work.check(tx, leased)
            first = await tx.execute(
                select(inbound_parts).where(inbound_parts.c.id == leased.payload["part"])
            )
            part = first.one()
            await _hold_thread(tx, part.source, part.destination, part.reference)
            together = await _thread_of(tx, part)
            if part.id in {one.id for one in together}:
                await self._hand_over(tx, together)
            await work.finish(tx, leased)

    async def _hand_over(self, tx: AsyncConnection, rows: Sequence[Row[Any]]) -> None:
        first = rows[0]
        by_number = {row.number: row.body for row in rows}
        body = "".join(
            by_number.get(number, "〔此处缺一段〕") for number in range(1, first.total + 1)
        )
        contact = await self.listener(
            tx,
            number=canonical(first.source),
            body=body,
            line=_line(first.destination),
            message_ref=f"smpp-{first.id}",
            at=first.received_at,
        )
        await tx.execute(
            update(inbound_parts)
            .where(inbound_parts.c.id.in_([row.id for row in rows]))
            .values(contact_id=contact)
        )


def _plus(source: str) -> str:
    """International numbers come without their plus (`8613985550123`)."""
    return f"+{source}" if source.startswith("86") and len(source) > len("86") + 8 else source


def canonical(number: str) -> str:
    """A subscriber's number in E.164, however the carrier writes it: 86…, +86…, 0086… or bare."""
    try:
        return parse(number).e164
    except BadNumber:
        return _plus(number)


def _forms(number: str) -> tuple[str, ...]:
    """How rows may hold the E.164 `number`."""
    plain = number.lstrip("+")
    return (number, plain, plain.removeprefix("86"))


def _line(destination: str) -> str:
    """The number that was written to, at most 8 digits.

    Carriers let people write to extensions of a service number (`1061234501`) and some put the
    country's code before it; nothing of that may keep a text from being stored.
    """
    digits = re.sub(r"[^0-9]", "", destination)[:LONGEST_DESTINATION]
    own = digits.removeprefix("86") if len(digits) > LONGEST_LINE else digits
    return own[:LONGEST_LINE] if len(own) >= SHORTEST_LINE else UNKNOWN_LINE


async def _hold_thread(
    tx: AsyncConnection, source: str, destination: str, reference: int | str
) -> None:
    """Until `tx` ends, nobody else stores or hands over parts of this text."""
    await tx.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:d, 0))"),
        {"d": f"inbound {source} {destination} {reference}"},
    )


async def _thread_of(tx: AsyncConnection, part: Row[Any]) -> Sequence[Row[Any]]:
    """The parts of one long text that are here and not handed over yet."""
    rows = await tx.execute(
        select(inbound_parts)
        .where(
            inbound_parts.c.source == part.source,
            inbound_parts.c.destination == part.destination,
            inbound_parts.c.reference == part.reference,
            inbound_parts.c.total == part.total,
            inbound_parts.c.contact_id.is_(None),
        )
        .order_by(inbound_parts.c.id)
    )
    return rows.all()


async def one_at_a_time(tx: AsyncConnection, phone: str) -> None:
    """Until `tx` ends, nobody else writes receipts or carrier's ids for this phone.

    A receipt and the answer it overtook would otherwise each look before the other is committed.
    Taken before the message is locked, by both.
    """
    await tx.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:p, 1))"), {"p": canonical(phone)}
    )


async def match_early(tx: AsyncConnection, part_ids: Sequence[int]) -> None:
    """Receipts that came before the carrier's id of their part was written find it now."""
    found = await tx.execute(
        select(parts, messages.c.recipient)
        .join(messages, messages.c.id == parts.c.message_id)
        .where(parts.c.id.in_(part_ids))
    )
    for part in found.all():
        if part.carrier_message_id is None:
            continue
        early = await tx.execute(
            select(receipts)
            .where(
                receipts.c.part_id.is_(None),
                receipts.c.phone.in_(_forms(part.recipient)),
                receipts.c.carrier_message_id.in_(spellings(part.carrier_message_id)),
            )
            .order_by(receipts.c.id)
        )
        for receipt in early.all():
            await _apply(tx, receipt, part, receipt.received_at)


async def _match(tx: AsyncConnection, receipt: Row[Any], at: datetime) -> None:
    part = await _part_of(tx, receipt)
    if part is None:
        log.warning("receipt of no message of ours", receipt=receipt.id)
        return
    # The message is locked before its parts, as the sender does: no two wait for each other.
    await progress.lock(tx, part.message_id)
    fresh = await tx.execute(select(parts).where(parts.c.id == part.id).with_for_update())
    await _apply(tx, receipt, fresh.one(), at)
    await progress.fold(tx, part.message_id, at=at)


async def _part_of(tx: AsyncConnection, receipt: Row[Any]) -> Row[Any] | None:
    """The part by the carrier's id, or by our reference when no answer ever brought the id.

    The telephone number must fit in both cases: ids of carriers are not unique for ever.
    """
    same_phone = messages.c.recipient == canonical(receipt.phone)
    by_id = parts.c.carrier_message_id.in_(spellings(receipt.carrier_message_id))
    unanswered = parts.c.carrier_message_id.is_(None) & parts.c.state.in_(
        [State.SENDING.value, State.UNCERTAIN.value]
    )
    by_reference = unanswered & (parts.c.reference == receipt.reference)
    found = await tx.execute(
        select(parts)
        .join(messages, messages.c.id == parts.c.message_id)
        .where(same_phone, or_(by_id, by_reference))
        .order_by(by_id.desc().nulls_last(), parts.c.id.desc())
        .limit(1)
    )
    return found.one_or_none()


async def _apply(tx: AsyncConnection, receipt: Row[Any], part: Row[Any], at: datetime) -> None:
    state = ReceiptState(receipt.state)
    to = State(part.state)
    if state.delivered:
        to = State.DELIVERED
    elif state.final and to is not State.DELIVERED:
        to = State.FAILED
    elif to is State.UNCERTAIN:
        to = State.SENT
    await tx.execute(
        update(parts)
        .where(parts.c.id == part.id)
        .values(
            state=to.value,
            carrier_message_id=part.carrier_message_id or receipt.carrier_message_id,
            receipt_state=receipt.state,
            receipt_error=receipt.error,
            receipt_at=at,
            error=f"receipt {receipt.state}" if to is State.FAILED else "",
        )
    )
    await tx.execute(update(receipts).where(receipts.c.id == receipt.id).values(part_id=part.id))


__all__ = ["INCOMPLETE", "Receiver", "match_early"]
