"""Delivery receipts: what the carrier says became of a message.

A receipt is a deliver_sm whose esm_class says so (SMPP 3.4 §5.2.12). The TLVs
`receipted_message_id` and `message_state` win; the text of Appendix B
(`id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`) is read where they miss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sms.codec.smpp_constants import ESM_CLASS_RECEIPT, ESM_CLASS_TYPE_MASK, Tag
from sms.codec.smpp_message import DeliverSm


class ReceiptState(StrEnum):
    """Message states, SMPP 3.4 §5.2.28, with Appendix B's abbreviations as values."""

    ENROUTE = "ENROUTE"
    DELIVERED = "DELIVRD"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    UNDELIVERABLE = "UNDELIV"
    ACCEPTED = "ACCEPTD"
    UNKNOWN = "UNKNOWN"
    REJECTED = "REJECTD"

    @property
    def final(self) -> bool:
        """Whether no further receipt will come."""
        return self not in {self.ENROUTE, self.ACCEPTED, self.UNKNOWN}

    @property
    def delivered(self) -> bool:
        """Whether the phone has it."""
        return self is self.DELIVERED


_BY_NUMBER: dict[int, ReceiptState] = dict(enumerate(ReceiptState, start=1))
_BY_NAME = {state.value: state for state in ReceiptState} | {
    state.name: state for state in ReceiptState
}
_PAIR = re.compile(
    r"(id|sub|dlvrd|submit date|done date|stat|err)\s*:\s*(\S*)", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt. `done_date` is the carrier's YYMMDDhhmm[ss], in its own time zone."""

    message_id: str
    state: ReceiptState
    error: str = ""
    done_date: str = ""


def is_receipt(pdu: DeliverSm) -> bool:
    """Whether the PDU is a delivery receipt and not a person's message."""
    return pdu.esm_class & ESM_CLASS_TYPE_MASK == ESM_CLASS_RECEIPT


def parse_receipt(pdu: DeliverSm) -> Receipt | None:
    """The receipt in `pdu`, or `None` when it names no message."""
    pairs = parse_text(pdu.payload.decode("latin-1"))
    id_tlv, state_tlv = pdu.tlv(Tag.receipted_message_id), pdu.tlv(Tag.message_state)
    message_id = id_tlv.text if id_tlv and id_tlv.text else pairs.get("id", "")
    if not message_id:
        return None
    state = _BY_NUMBER.get(state_tlv.number) if state_tlv else None
    if state is None:
        state = _BY_NAME.get(pairs.get("stat", "").upper(), ReceiptState.UNKNOWN)
    return Receipt(message_id, state, pairs.get("err", ""), pairs.get("done date", ""))


def parse_text(text: str) -> dict[str, str]:
    """The pairs of a receipt's text, keys in lower case, up to the echo of the message."""
    head = re.split(r"\btext\s*:", text, maxsplit=1, flags=re.IGNORECASE)[0]
    return {key.lower(): value for key, value in reversed(_PAIR.findall(head))}


def same_id(mine: str, theirs: str) -> bool:
    """Whether two spellings are one message id.

    Several SMSCs answer submit_sm in hexadecimal and write decimal in the receipt; leading
    zeros and letter case differ too.
    """
    return bool(set(spellings(mine)) & {theirs, theirs.lstrip("0").lower()})


def spellings(message_id: str) -> tuple[str, ...]:
    """How a receipt may write `message_id`: as it is, without zeros, decimal and hexadecimal."""
    plain = message_id.lstrip("0").lower()
    found = {message_id, plain}
    if plain.isdecimal() and plain.isascii():
        found.add(format(int(plain), "x"))
    if re.fullmatch(r"[0-9a-f]{1,16}", plain):
        found.add(str(int(plain, 16)))
    return tuple(sorted(found))
