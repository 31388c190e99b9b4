"""PDUs that carry, ask about and withdraw messages (SMPP 3.4 §4.4-4.12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sms.codec.smpp_constants import CommandId, Tag
from sms.codec.smpp_constants import CommandStatus as St
from sms.codec.smpp_fields import Counted, CString, Field, Integer
from sms.codec.smpp_pdu import Pdu

MAX_SHORT_MESSAGE = 254

_ADDRESS_SOURCE: tuple[Field, ...] = (
    Integer("source_addr_ton"),
    Integer("source_addr_npi"),
    CString("source_addr", 21, St.ESME_RINVSRCADR),
)
_ADDRESS_DEST: tuple[Field, ...] = (
    Integer("dest_addr_ton"),
    Integer("dest_addr_npi"),
    CString("destination_addr", 21, St.ESME_RINVDSTADR),
)
_SERVICE: tuple[Field, ...] = (CString("service_type", 6, St.ESME_RINVSERTYP),)
_MESSAGE: tuple[Field, ...] = (
    *_SERVICE,
    *_ADDRESS_SOURCE,
    *_ADDRESS_DEST,
    Integer("esm_class"),
    Integer("protocol_id"),
    Integer("priority_flag"),
    CString("schedule_delivery_time", 17, St.ESME_RINVSCHED, exact=True),
    CString("validity_period", 17, St.ESME_RINVEXPIRY, exact=True),
    Integer("registered_delivery"),
    Integer("replace_if_present_flag"),
    Integer("data_coding"),
    Integer("sm_default_msg_id"),
    Counted("short_message", MAX_SHORT_MESSAGE, St.ESME_RINVMSGLEN),
)
_MESSAGE_ID: tuple[Field, ...] = (CString("message_id", 65, St.ESME_RINVMSGID),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message(Pdu):
    layout: ClassVar[tuple[Field, ...]] = _MESSAGE
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""

    @property
    def payload(self) -> bytes:
        """The user data, wherever it stands: `short_message` or the TLV message_payload."""
        long = self.tlv(Tag.message_payload)
        return self.short_message or (long.value if long else b"")


class SubmitSm(_Message):
    """§4.4.1."""

    __slots__ = ()
    command_id = CommandId.submit_sm


class DeliverSm(_Message):
    """§4.6.1: a message from a phone, or a delivery receipt (`esm_class`)."""

    __slots__ = ()
    command_id = CommandId.deliver_sm


@dataclass(frozen=True, slots=True, kw_only=True)
class _MessageResp(Pdu):
    layout: ClassVar[tuple[Field, ...]] = _MESSAGE_ID
    message_id: str = ""


class SubmitSmResp(_MessageResp):
    """§4.4.2: no body when the status is not ESME_ROK."""

    __slots__ = ()
    command_id = CommandId.submit_sm_resp


class DeliverSmResp(_MessageResp):
    """§4.6.2: message_id is unused and empty."""

    __slots__ = ()
    command_id = CommandId.deliver_sm_resp


class DataSmResp(_MessageResp):
    """§4.7.2."""

    __slots__ = ()
    command_id = CommandId.data_sm_resp


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSm(Pdu):
    """§4.7.1: the text stands in the TLV message_payload."""

    command_id: ClassVar[CommandId] = CommandId.data_sm
    layout: ClassVar[tuple[Field, ...]] = (
        *_SERVICE,
        *_ADDRESS_SOURCE,
        *_ADDRESS_DEST,
        Integer("esm_class"),
        Integer("registered_delivery"),
        Integer("data_coding"),
    )
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySm(Pdu):
    """§4.8.1."""

    command_id: ClassVar[CommandId] = CommandId.query_sm
    layout: ClassVar[tuple[Field, ...]] = (*_MESSAGE_ID, *_ADDRESS_SOURCE)
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySmResp(Pdu):
    """§4.8.2."""

    command_id: ClassVar[CommandId] = CommandId.query_sm_resp
    layout: ClassVar[tuple[Field, ...]] = (
        *_MESSAGE_ID,
        CString("final_date", 17, St.ESME_RQUERYFAIL, exact=True),
        Integer("message_state"),
        Integer("error_code"),
    )
    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSm(Pdu):
    """§4.9.1."""

    command_id: ClassVar[CommandId] = CommandId.cancel_sm
    layout: ClassVar[tuple[Field, ...]] = (
        *_SERVICE,
        *_MESSAGE_ID,
        *_ADDRESS_SOURCE,
        *_ADDRESS_DEST,
    )
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


class CancelSmResp(Pdu):
    """§4.9.2."""

    __slots__ = ()
    command_id = CommandId.cancel_sm_resp


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotification(Pdu):
    """§4.12.1: a phone became reachable."""

    command_id: ClassVar[CommandId] = CommandId.alert_notification
    layout: ClassVar[tuple[Field, ...]] = (
        Integer("source_addr_ton"),
        Integer("source_addr_npi"),
        CString("source_addr", 65, St.ESME_RINVSRCADR),
        Integer("esme_addr_ton"),
        Integer("esme_addr_npi"),
        CString("esme_addr", 65, St.ESME_RINVDSTADR),
    )
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""
