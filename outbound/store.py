"""Messages are stored here, each once, together with the work that sends them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound.model import Channel, NewMessage, State
from outbound.tables import messages, parts
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
        {"message": message_id, "urgent": urgent},
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
