"""PDUs of an SMPP session: bind, unbind, enquire_link, generic_nack (SMPP 3.4 §4.1-4.3, §4.11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from sms.codec.smpp_constants import INTERFACE_VERSION, RESPONSE_BIT, CommandId, Tag
from sms.codec.smpp_constants import CommandStatus as St
from sms.codec.smpp_fields import CString, Field, Integer, Tlv

_BIND: tuple[Field, ...] = (
    CString("system_id", 16, St.ESME_RINVSYSID),
    CString("password", 9, St.ESME_RINVPASWD),
    CString("system_type", 13, St.ESME_RINVSYSTYP),
    Integer("interface_version"),
    Integer("addr_ton"),
    Integer("addr_npi"),
    CString("address_range", 41, St.ESME_RBINDFAIL),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """What all PDUs have: the header's status and sequence, and optional parameters."""

    command_id: ClassVar[CommandId]
    layout: ClassVar[tuple[Field, ...]] = ()
    command_status: int = 0
    sequence_number: int = 0
    tlvs: tuple[Tlv, ...] = ()

    def tlv(self, tag: Tag) -> Tlv | None:
        """The first optional parameter with `tag`."""
        return next((one for one in self.tlvs if one.tag == tag), None)

    @property
    def is_response(self) -> bool:
        """Whether bit 31 of the command id is set (§5.1.2)."""
        return bool(self.command_id & RESPONSE_BIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bind(Pdu):
    layout: ClassVar[tuple[Field, ...]] = _BIND
    system_id: str = ""
    password: str = field(default="", repr=False)
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


class BindTransmitter(_Bind):
    """§4.1.1."""

    __slots__ = ()
    command_id = CommandId.bind_transmitter


class BindReceiver(_Bind):
    """§4.1.3."""

    __slots__ = ()
    command_id = CommandId.bind_receiver


class BindTransceiver(_Bind):
    """§4.1.5."""

    __slots__ = ()
    command_id = CommandId.bind_transceiver


@dataclass(frozen=True, slots=True, kw_only=True)
class _BindResp(Pdu):
    layout: ClassVar[tuple[Field, ...]] = (CString("system_id", 16, St.ESME_RINVSYSID),)
    system_id: str = ""


class BindTransmitterResp(_BindResp):
    """§4.1.2."""

    __slots__ = ()
    command_id = CommandId.bind_transmitter_resp


class BindReceiverResp(_BindResp):
    """§4.1.4."""

    __slots__ = ()
    command_id = CommandId.bind_receiver_resp


class BindTransceiverResp(_BindResp):
    """§4.1.6."""

    __slots__ = ()
    command_id = CommandId.bind_transceiver_resp


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbind(Pdu):
    """§4.1.7: the SMSC asks the ESME to bind as receiver."""

    command_id: ClassVar[CommandId] = CommandId.outbind
    layout: ClassVar[tuple[Field, ...]] = _BIND[:2]
    system_id: str = ""
    password: str = field(default="", repr=False)


class Unbind(Pdu):
    """§4.2.1."""

    __slots__ = ()
    command_id = CommandId.unbind


class UnbindResp(Pdu):
    """§4.2.2."""

    __slots__ = ()
    command_id = CommandId.unbind_resp


class GenericNack(Pdu):
    """§4.3.1: the answer to what cannot be read."""

    __slots__ = ()
    command_id = CommandId.generic_nack


class EnquireLink(Pdu):
    """§4.11.1."""

    __slots__ = ()
    command_id = CommandId.enquire_link


class EnquireLinkResp(Pdu):
    """§4.11.2."""

    __slots__ = ()
    command_id = CommandId.enquire_link_resp
