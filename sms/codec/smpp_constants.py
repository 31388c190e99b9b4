"""Numbers of SMPP 3.4: command ids (§5.1.2.1), statuses (§5.1.3), TLV tags (§5.3.2)."""

from __future__ import annotations

from enum import IntEnum

RESPONSE_BIT = 0x8000_0000


class CommandId(IntEnum):
    """SMPP 3.4 §5.1.2.1. submit_multi and replace_sm are not spoken by this system."""

    generic_nack = 0x8000_0000
    bind_receiver = 0x0000_0001
    bind_receiver_resp = 0x8000_0001
    bind_transmitter = 0x0000_0002
    bind_transmitter_resp = 0x8000_0002
    query_sm = 0x0000_0003
    query_sm_resp = 0x8000_0003
    submit_sm = 0x0000_0004
    submit_sm_resp = 0x8000_0004
    deliver_sm = 0x0000_0005
    deliver_sm_resp = 0x8000_0005
    unbind = 0x0000_0006
    unbind_resp = 0x8000_0006
    cancel_sm = 0x0000_0008
    cancel_sm_resp = 0x8000_0008
    bind_transceiver = 0x0000_0009
    bind_transceiver_resp = 0x8000_0009
    outbind = 0x0000_000B
    enquire_link = 0x0000_0015
    enquire_link_resp = 0x8000_0015
    alert_notification = 0x0000_0102
    data_sm = 0x0000_0103
    data_sm_resp = 0x8000_0103


class CommandStatus(IntEnum):
    """SMPP 3.4 §5.1.3, the names of the specification."""

    ESME_ROK = 0x00
    ESME_RINVMSGLEN = 0x01
    ESME_RINVCMDLEN = 0x02
    ESME_RINVCMDID = 0x03
    ESME_RINVBNDSTS = 0x04
    ESME_RALYBND = 0x05
    ESME_RINVPRTFLG = 0x06
    ESME_RINVREGDLVFLG = 0x07
    ESME_RSYSERR = 0x08
    ESME_RINVSRCADR = 0x0A
    ESME_RINVDSTADR = 0x0B
    ESME_RINVMSGID = 0x0C
    ESME_RBINDFAIL = 0x0D
    ESME_RINVPASWD = 0x0E
    ESME_RINVSYSID = 0x0F
    ESME_RCANCELFAIL = 0x11
    ESME_RREPLACEFAIL = 0x13
    ESME_RMSGQFUL = 0x14
    ESME_RINVSERTYP = 0x15
    ESME_RINVNUMDESTS = 0x33
    ESME_RINVDLNAME = 0x34
    ESME_RINVDESTFLAG = 0x40
    ESME_RINVSUBREP = 0x42
    ESME_RINVESMCLASS = 0x43
    ESME_RCNTSUBDL = 0x44
    ESME_RSUBMITFAIL = 0x45
    ESME_RINVSRCTON = 0x48
    ESME_RINVSRCNPI = 0x49
    ESME_RINVDSTTON = 0x50
    ESME_RINVDSTNPI = 0x51
    ESME_RINVSYSTYP = 0x53
    ESME_RINVREPFLAG = 0x54
    ESME_RINVNUMMSGS = 0x55
    ESME_RTHROTTLED = 0x58
    ESME_RINVSCHED = 0x61
    ESME_RINVEXPIRY = 0x62
    ESME_RINVDFTMSGID = 0x63
    ESME_RX_T_APPN = 0x64
    ESME_RX_P_APPN = 0x65
    ESME_RX_R_APPN = 0x66
    ESME_RQUERYFAIL = 0x67
    ESME_RINVOPTPARSTREAM = 0xC0
    ESME_ROPTPARNOTALLWD = 0xC1
    ESME_RINVPARLEN = 0xC2
    ESME_RMISSINGOPTPARAM = 0xC3
    ESME_RINVOPTPARAMVAL = 0xC4
    ESME_RDELIVERYFAILURE = 0xFE
    ESME_RUNKNOWNERR = 0xFF


def status_name(command_status: int) -> str:
    """The specification's name, or the hexadecimal number of a vendor's own status."""
    try:
        return CommandStatus(command_status).name
    except ValueError:
        return f"0x{command_status:08X}"


class Tag(IntEnum):
    """Tags of optional parameters, SMPP 3.4 §5.3.2."""

    dest_addr_subunit = 0x0005
    dest_network_type = 0x0006
    dest_bearer_type = 0x0007
    dest_telematics_id = 0x0008
    source_addr_subunit = 0x000D
    source_network_type = 0x000E
    source_bearer_type = 0x000F
    source_telematics_id = 0x0010
    qos_time_to_live = 0x0017
    payload_type = 0x0019
    additional_status_info_text = 0x001D
    receipted_message_id = 0x001E
    ms_msg_wait_facilities = 0x0030
    privacy_indicator = 0x0201
    source_subaddress = 0x0202
    dest_subaddress = 0x0203
    user_message_reference = 0x0204
    user_response_code = 0x0205
    source_port = 0x020A
    destination_port = 0x020B
    sar_msg_ref_num = 0x020C
    language_indicator = 0x020D
    sar_total_segments = 0x020E
    sar_segment_seqnum = 0x020F
    sc_interface_version = 0x0210
    callback_num_pres_ind = 0x0302
    callback_num_atag = 0x0303
    number_of_messages = 0x0304
    callback_num = 0x0381
    dpf_result = 0x0420
    set_dpf = 0x0421
    ms_availability_status = 0x0422
    network_error_code = 0x0423
    message_payload = 0x0424
    delivery_failure_reason = 0x0425
    more_messages_to_send = 0x0426
    message_state = 0x0427
    ussd_service_op = 0x0501
    display_time = 0x1201
    sms_signal = 0x1203
    ms_validity = 0x1204
    alert_on_message_delivery = 0x130C
    its_reply_type = 0x1380
    its_session_info = 0x1383


_ONE, _TWO, _FOUR = (1, 1), (2, 2), (4, 4)

#: Smallest and largest length in octets of each TLV's value (§5.3.2). A tag that is not here is
#: carried unread, as §3.3 asks of a receiver.
TLV_LENGTHS: dict[int, tuple[int, int]] = {
    Tag.dest_addr_subunit: _ONE,
    Tag.dest_network_type: _ONE,
    Tag.dest_bearer_type: _ONE,
    Tag.dest_telematics_id: _TWO,
    Tag.source_addr_subunit: _ONE,
    Tag.source_network_type: _ONE,
    Tag.source_bearer_type: _ONE,
    Tag.source_telematics_id: (1, 2),
    Tag.qos_time_to_live: _FOUR,
    Tag.payload_type: _ONE,
    Tag.additional_status_info_text: (1, 256),
    Tag.receipted_message_id: (1, 65),
    Tag.ms_msg_wait_facilities: _ONE,
    Tag.privacy_indicator: _ONE,
    Tag.source_subaddress: (2, 23),
    Tag.dest_subaddress: (2, 23),
    Tag.user_message_reference: _TWO,
    Tag.user_response_code: _ONE,
    Tag.source_port: _TWO,
    Tag.destination_port: _TWO,
    Tag.sar_msg_ref_num: _TWO,
    Tag.language_indicator: _ONE,
    Tag.sar_total_segments: _ONE,
    Tag.sar_segment_seqnum: _ONE,
    Tag.sc_interface_version: _ONE,
    Tag.callback_num_pres_ind: _ONE,
    Tag.callback_num_atag: (0, 65),
    Tag.number_of_messages: _ONE,
    Tag.callback_num: (4, 19),
    Tag.dpf_result: _ONE,
    Tag.set_dpf: _ONE,
    Tag.ms_availability_status: _ONE,
    Tag.network_error_code: (3, 3),
    Tag.message_payload: (0, 0xFFFF),
    Tag.delivery_failure_reason: _ONE,
    Tag.more_messages_to_send: _ONE,
    Tag.message_state: _ONE,
    Tag.ussd_service_op: _ONE,
    Tag.display_time: _ONE,
    Tag.sms_signal: _TWO,
    Tag.ms_validity: _ONE,
    Tag.alert_on_message_delivery: (0, 1),
    Tag.its_reply_type: _ONE,
    Tag.its_session_info: _TWO,
}

#: `data_coding` (§5.2.19) and `esm_class` bits (§5.2.12) that this system uses.
DATA_CODING_DEFAULT = 0x00
DATA_CODING_ASCII = 0x01
DATA_CODING_LATIN1 = 0x03
DATA_CODING_UCS2 = 0x08
ESM_CLASS_RECEIPT = 0x04
ESM_CLASS_TYPE_MASK = 0x3C
ESM_CLASS_UDHI = 0x40
REGISTERED_DELIVERY_FINAL = 0x01
INTERFACE_VERSION = 0x34


class Ton(IntEnum):
    """Type of number, §5.2.5."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6


class Npi(IntEnum):
    """Numbering plan indicator, §5.2.6."""

    UNKNOWN = 0
    ISDN = 1
