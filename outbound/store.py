"""Messages are stored here, each once, together with the work that sends them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound.model import Channel, NewMessage, State
from outbound.tables import inbound_parts, messages, parts
from rexian.kernel import work
from rexian.kernel.ids import new_id
from sms.segment import segment


def work_kind(channel: Channel) -> str:
    """The kind of work row that sends messages of `channel`."""
    return f"outbound.{channel.value}"


def work_key(message_id: str, attempt_round: int) -> str:
    """One work row for each round: a round begins when a person says 'send again'."""
    return f"{message_id}:{attempt_round}"


async def create(
    tx: AsyncConnection,
    new: NewMessage,
    *,
    send_after: datetime,
    at: datetime,
    urgent: bool = False,
) -> str | None:
    """Store a message with its parts and enqueue its sending; returns its id.

    An `urgent` one is never held for quiet hours.

    None when this event was told to this recipient on this channel before: nothing is changed.
    Raises `TextTooLong` for an SMS beyond the carrier's limit.
    """
    message_id = new_id()
    stored = await tx.execute(
        insert(messages)
        .values(
            id=message_id,
            event_id=new.event_id,
            notice=new.notice,
            channel=new.channel.value,
            recipient=new.recipient,
            recipient_masked=new.recipient_masked,
            subject_kind=new.subject_kind,
            subject_id=new.subject_id,
            title=new.title,
            body=new.body,
            state=State.WAITING.value,
            urgent=urgent,
            send_after=send_after,
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["event_id", "channel", "recipient"])
        .returning(messages.c.id)
    )
    if stored.scalar_one_or_none() is None:
        return None
    if new.channel is Channel.SMS:
        await _store_parts(tx, message_id, new)
    await work.enqueue(
        tx,
        work_kind(new.channel),
        work_key(message_id, 1),
        {"message": message_id},
        run_at=send_after,
    )
    return message_id


async def _store_parts(tx: AsyncConnection, message_id: str, new: NewMessage) -> None:
    reference = new.event_id % 256
    await tx.execute(
        plain_insert(parts),
        [
            {
                "message_id": message_id,
                "number": part.number,
                "total": part.total,
                "data_coding": part.data_coding,
                "esm_class": part.esm_class,
                "user_data": part.user_data,
                "state": State.WAITING.value,
            }
            for part in segment(new.body, reference=reference)
        ],
    )


async def forget_receipts(tx: AsyncConnection, before: datetime, limit: int) -> int:
    """Delete up to `limit` receipts that came before that time; what they said is in the parts.

    One stays while its message is open, or while a message to its number waits for an answer
    that may bring the id it names.
    """
    gone = await tx.execute(
        text("""
            DELETE FROM receipts WHERE id IN (
                SELECT r.id FROM receipts r WHERE r.received_at < :before AND NOT EXISTS (
                    SELECT FROM messages m JOIN message_parts p ON p.message_id = m.id
                    WHERE m.state IN ('waiting', 'sending', 'uncertain')
                        AND (p.id = r.part_id OR r.part_id IS NULL
                            AND right(m.recipient, 11) = right(r.phone, 11)))
                ORDER BY r.received_at LIMIT :limit)
        """),
        {"before": before, "limit": limit},
    )
    return gone.rowcount


async def forget_inbound(tx: AsyncConnection, before: datetime, limit: int) -> int:
    """Delete up to `limit` parts that came before that time and have become contacts."""
    old = (
        select(inbound_parts.c.id)
        .where(inbound_parts.c.contact_id.is_not(None), inbound_parts.c.received_at < before)
        .order_by(inbound_parts.c.received_at)
        .limit(limit)
    )
    return (await tx.execute(delete(inbound_parts).where(inbound_parts.c.id.in_(old)))).rowcount
