"""Which text from a phone is a redelivery by the carrier, and which a new message.

What is a redelivery? SMPP gives a text from a phone no id, and people do write the same words
twice. A carrier delivers again what it got no answer for in time; so the same octets (text, esm_class,
data_coding and the TLVs that refer to a message) from the same number within 5 minutes are

- a repeat when they carry a reference: of a long text, user_message_reference or
  receipted_message_id. The reference is the message's own; another message has another;
- a repeat when the carrier may have missed our answer to the first: none was written, it was
  written after more than 5 s, or the connection it was written to has ended since;
- else a new message: the person wrote the same words again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound.tables import inbound_parts
from rexian.kernel.clock import Clock
from sms.codec.smpp_constants import CommandStatus, Tag
from sms.codec.smpp_message import DeliverSm
from sms.segment import split_message

#: The carrier repeats a delivery whose answer it missed within this time.
REPEATED_WITHIN = timedelta(minutes=5)
#: An answer written later than this may have come after the carrier's own time-out.
PROMPT = timedelta(seconds=5)
#: Optional parameters that tell one message from another.
REFERRING = frozenset(
    {
        Tag.user_message_reference,
        Tag.receipted_message_id,
        Tag.sar_msg_ref_num,
        Tag.sar_total_segments,
        Tag.sar_segment_seqnum,
    }
)


@dataclass(slots=True)
class Answers:
    """Which deliveries the carrier surely knows to be taken; a `sms.client.Follower`.

    Kept in memory: a new process has answered nothing, so what comes then may be a redelivery.
    """

    clock: Clock
    _begun: dict[str, datetime] = field(default_factory=dict)
    _known: dict[str, datetime] = field(default_factory=dict)

    def begin(self, digest: str) -> bool:
        """A delivery came; whether the one before with the same octets was surely answered."""
        now = self.clock.now()
        for old in [one for one, at in self._known.items() if at <= now - REPEATED_WITHIN]:
            del self._known[old]
        self._begun[digest] = now
        return self._known.pop(digest, None) is not None

    def answered(self, pdu: DeliverSm, command_status: int) -> None:
        """The answer was written to the connection."""
        digest, now = digest_of(pdu), self.clock.now()
        begun = self._begun.pop(digest, None)
        prompt = begun is not None and now - begun <= PROMPT
        if prompt and command_status == CommandStatus.ESME_ROK:
            self._known[digest] = now

    def disconnected(self) -> None:
        """What was written last may not have arrived."""
        self._begun.clear()
        self._known.clear()


def digest_of(pdu: DeliverSm) -> str:
    """What is the same when a carrier delivers a text again, and nothing that then differs."""
    referring = [(one.tag, one.value.hex()) for one in pdu.tlvs if one.tag in REFERRING]
    whole = (
        f"{pdu.source_addr}\n{pdu.destination_addr}\n{pdu.esm_class}\n{pdu.data_coding}\n"
        f"{sorted(referring)}\n{pdu.payload.hex()}"
    )
    return hashlib.sha256(whole.encode()).hexdigest()


def refers(pdu: DeliverSm) -> bool:
    """Whether the octets hold the message's own reference."""
    found, _ = split_message(pdu)
    return found is not None or any(one.tag in REFERRING for one in pdu.tlvs)


async def stored_lately(tx: AsyncConnection, digest: str, now: datetime) -> bool:
    """Whether the same octets were stored within the last 5 minutes."""
    found = await tx.execute(
        select(inbound_parts.c.id)
        .where(
            inbound_parts.c.digest == digest, inbound_parts.c.received_at > now - REPEATED_WITHIN
        )
        .limit(1)
    )
    return found.first() is not None
