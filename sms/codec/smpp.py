"""SMPP 3.4 PDUs to octets and back, and a stream of octets cut into PDUs.

`decode(octets)` gives a `Pdu` or raises `MalformedPdu` with the `command_status` to answer;
`encode(pdu)` gives octets or raises `UnencodablePdu`; `Framer` cuts a stream.
Source: "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2, sections 3 to 5.
"""

from __future__ import annotations

import struct
from typing import Any

from sms.codec import smpp_message as message
from sms.codec import smpp_pdu as session
from sms.codec.smpp_constants import RESPONSE_BIT, CommandStatus
from sms.codec.smpp_fields import MalformedPdu, UnencodablePdu, read_tlvs, write_tlvs
from sms.codec.smpp_pdu import Pdu

LENGTH_OCTETS = 4
HEADER = struct.Struct(">LLLL")
#: A PDU longer than this is refused unread: the longest legal one is a 64 KiB message_payload.
MAX_PDU_OCTETS = 70_000
MAX_SEQUENCE = 0x7FFF_FFFF

PDUS: dict[int, type[Pdu]] = {
    one.command_id: one
    for one in (
        session.BindTransmitter,
        session.BindTransmitterResp,
        session.BindReceiver,
        session.BindReceiverResp,
        session.BindTransceiver,
        session.BindTransceiverResp,
        session.Outbind,
        session.Unbind,
        session.UnbindResp,
        session.GenericNack,
        session.EnquireLink,
        session.EnquireLinkResp,
        message.SubmitSm,
        message.SubmitSmResp,
        message.DeliverSm,
        message.DeliverSmResp,
        message.DataSm,
        message.DataSmResp,
        message.QuerySm,
        message.QuerySmResp,
        message.CancelSm,
        message.CancelSmResp,
        message.AlertNotification,
    )
}


def encode(pdu: Pdu) -> bytes:
    """The PDU's octets with its header. Raises `UnencodablePdu` naming the field at fault.

    A response with an error status has no body (§4.1.6, §4.4.2).
    """
    if not 0 <= pdu.sequence_number <= MAX_SEQUENCE or not 0 <= pdu.command_status < 1 << 32:
        raise UnencodablePdu(field="header")
    body = b""
    if not (pdu.is_response and pdu.command_status):
        body = b"".join(field.write(getattr(pdu, field.name)) for field in pdu.layout)
        body += write_tlvs(pdu.tlvs)
    length = HEADER.size + len(body)
    return HEADER.pack(length, pdu.command_id, pdu.command_status, pdu.sequence_number) + body


def decode(octets: bytes) -> Pdu:
    """One whole PDU from exactly its octets.

    Raises `MalformedPdu`, whose `command_status` is what to answer: ESME_RINVCMDLEN,
    ESME_RINVCMDID, the status of the field at fault, or one of the TLV statuses.
    """
    if len(octets) < HEADER.size:
        raise MalformedPdu("a header is cut off", CommandStatus.ESME_RINVCMDLEN, fatal=True)
    length, command_id, command_status, sequence_number = HEADER.unpack_from(octets)
    try:
        kind = _kind(length, len(octets), command_id)
        values = _body(kind, octets, command_status)
    except MalformedPdu as error:
        raise MalformedPdu(
            error.problem,
            error.command_status,
            command_id=command_id,
            sequence_number=sequence_number,
        ) from None
    return kind(command_status=command_status, sequence_number=sequence_number, **values)


def _kind(length: int, octets: int, command_id: int) -> type[Pdu]:
    if length != octets:
        raise MalformedPdu("command_length is wrong", CommandStatus.ESME_RINVCMDLEN)
    kind = PDUS.get(command_id)
    if kind is None:
        raise MalformedPdu("command_id is unknown", CommandStatus.ESME_RINVCMDID)
    return kind


def _body(kind: type[Pdu], octets: bytes, command_status: int) -> dict[str, Any]:
    at = HEADER.size
    values: dict[str, Any] = {}
    if at == len(octets) and command_status and kind.command_id & RESPONSE_BIT:
        return values
    for field in kind.layout:
        values[field.name], at = field.read(octets, at)
    values["tlvs"] = read_tlvs(octets, at)
    return values


class Framer:
    """Cuts a stream into PDUs by `command_length` (§3.2); holds at most one PDU's octets."""

    def __init__(self, most: int = MAX_PDU_OCTETS) -> None:
        """Refuse PDUs of more than `most` octets."""
        self._most = most
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Whole PDUs now complete, in order.

        Raises `MalformedPdu` with `fatal` when a length cannot be right: framing is lost, and
        nothing after it can be read. What was complete before it is given at the next call.
        """
        self._rest += data
        whole: list[bytes] = []
        while len(self._rest) >= LENGTH_OCTETS:
            length = int.from_bytes(self._rest[:LENGTH_OCTETS], "big")
            if not HEADER.size <= length <= self._most:
                if whole:
                    break
                raise MalformedPdu(
                    f"command_length is {length}", CommandStatus.ESME_RINVCMDLEN, fatal=True
                )
            if len(self._rest) < length:
                break
            whole.append(bytes(self._rest[:length]))
            del self._rest[:length]
        return whole
