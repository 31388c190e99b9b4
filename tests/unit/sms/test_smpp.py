"""The codec against published and recorded octets, the independent codec smpplib, and noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import smpp as peer

from sms.codec.smpp import MAX_PDU_OCTETS, PDUS, Framer, decode, encode
from sms.codec.smpp_constants import TLV_LENGTHS, CommandStatus, Tag, status_name
from sms.codec.smpp_fields import Counted, CString, Integer, MalformedPdu, Tlv, UnencodablePdu
from sms.codec.smpp_message import DeliverSm, SubmitSm, SubmitSmResp
from sms.codec.smpp_pdu import BindTransceiver, BindTransmitter, EnquireLink, Pdu

#: "SMPP Protocol Specification v3.4" §3.2.3, the worked example of a PDU.
SPEC_BIND = bytes.fromhex(
    "0000002F 00000002 00000000 00000001 534D5050335445535400 736563726574303800"
    "5355424D49543100 00 01 01 00"
)
RECORDED = json.loads((Path(__file__).parent / "node_smpp_vectors.json").read_text("utf-8"))
VECTORS = {one["name"]: (one["command"], bytes.fromhex(one["hex"])) for one in RECORDED["vectors"]}


def test_specification_example() -> None:
    pdu = decode(SPEC_BIND)
    assert pdu == BindTransmitter(
        sequence_number=1,
        system_id="SMPP3TEST",
        password="secret08",
        system_type="SUBMIT1",
        interface_version=0,
        addr_ton=1,
        addr_npi=1,
    )
    assert encode(pdu) == SPEC_BIND


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_recorded_octets_are_read_and_written_alike(name: str) -> None:
    command, octets = VECTORS[name]
    pdu = decode(octets)
    assert pdu.command_id.name == command
    assert encode(pdu) == octets


def test_recorded_fields() -> None:
    submit = decode(VECTORS["submit_ucs2"][1])
    assert isinstance(submit, SubmitSm)
    assert submit.short_message.decode("utf-16-be") == "【贵阳12345】您的工单已办结。"
    assert submit.destination_addr == "8613985550123"
    reference = submit.tlv(Tag.user_message_reference)
    assert reference is not None
    assert reference.number == 513
    payload = decode(VECTORS["submit_payload"][1])
    assert isinstance(payload, SubmitSm)
    assert payload.payload.decode("utf-16-be") == "长文"


class Numbers:
    """What smpplib asks of a client: sequence numbers."""

    sequence = 8

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence


def test_smpplib_reads_what_we_write() -> None:
    ours = SubmitSm(
        sequence_number=42,
        source_addr="10612345",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="8613985550123",
        esm_class=0x40,
        registered_delivery=1,
        data_coding=8,
        short_message=b"\x05\x00\x03\x07\x02\x01" + "您好".encode("utf-16-be"),
        tlvs=(Tlv(Tag.user_message_reference, b"\x12\x34"),),
    )
    theirs = peer.parse_pdu(encode(ours), client=Numbers())
    assert theirs.command == "submit_sm"
    assert theirs.sequence == 42
    assert theirs.destination_addr == b"8613985550123"
    assert theirs.short_message == ours.short_message
    assert theirs.esm_class == 0x40
    assert theirs.user_message_reference == 0x1234


def test_we_read_what_smpplib_writes() -> None:
    theirs = peer.make_pdu(
        "deliver_sm",
        client=Numbers(),
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr="8613985550123",
        destination_addr="12345",
        data_coding=8,
        short_message="停水了".encode("utf-16-be"),
        message_state=2,
        receipted_message_id="77",
    )
    pdu = decode(theirs.generate())
    assert isinstance(pdu, DeliverSm)
    assert (pdu.sequence_number, pdu.source_addr) == (9, "8613985550123")
    assert pdu.payload.decode("utf-16-be") == "停水了"
    receipted = pdu.tlv(Tag.receipted_message_id)
    assert receipted is not None
    assert receipted.text == "77"


def test_a_submit_body_field_by_field() -> None:
    body = encode(SubmitSm(source_addr="1", destination_addr="22", short_message=b"abc"))[16:]
    assert body == b"\0" + b"\0\x001\0" + b"\0\x0022\0" + b"\0\0\0" + b"\0\0" + b"\0\0\0\0\x03abc"


def malformed(octets: bytes) -> MalformedPdu:
    with pytest.raises(MalformedPdu) as caught:
        decode(octets)
    return caught.value


def submit_octets() -> bytearray:
    return bytearray(VECTORS["submit_ucs2"][1])


def test_wrong_length_is_answered_with_invalid_command_length() -> None:
    octets = submit_octets()
    octets[3] += 1
    error = malformed(bytes(octets))
    assert error.command_status == CommandStatus.ESME_RINVCMDLEN
    assert error.sequence_number == 7


def test_unknown_command_is_answered_with_invalid_command_id() -> None:
    octets = submit_octets()
    octets[4:8] = b"\0\0\x07\x77"
    assert malformed(bytes(octets)).command_status == CommandStatus.ESME_RINVCMDID


def test_message_longer_than_it_says() -> None:
    octets = bytearray(encode(SubmitSm(short_message=b"abc")))
    octets[-4] = 200
    assert malformed(bytes(octets)).command_status == CommandStatus.ESME_RINVMSGLEN


def test_address_without_end() -> None:
    body = b"\0" + b"\0\0" + b"9" * 30
    octets = (16 + len(body)).to_bytes(4, "big") + bytes.fromhex("000000040000000000000005") + body
    assert malformed(octets).command_status == CommandStatus.ESME_RINVSRCADR


def test_time_that_is_neither_empty_nor_whole() -> None:
    with pytest.raises(UnencodablePdu):
        encode(SubmitSm(validity_period="0000"))
    encode(SubmitSm(validity_period="000007000000000R"))


@pytest.mark.parametrize(
    ("tail", "status"),
    [
        ("0204", CommandStatus.ESME_RINVOPTPARSTREAM),
        ("020400021", CommandStatus.ESME_RINVOPTPARSTREAM),
        ("0204000401020304", CommandStatus.ESME_RINVPARLEN),
        ("042700020102", CommandStatus.ESME_RINVPARLEN),
    ],
)
def test_broken_optional_parameters(tail: str, status: CommandStatus) -> None:
    whole = encode(SubmitSm(short_message=b"x")) + bytes.fromhex(
        tail.ljust(len(tail) + len(tail) % 2, "0")
    )
    octets = len(whole).to_bytes(4, "big") + whole[4:]
    assert malformed(octets).command_status == status


def test_unknown_optional_parameters_are_carried() -> None:
    pdu = SubmitSm(tlvs=(Tlv(0x1400, b"vendor"),))
    assert decode(encode(pdu)) == pdu


def test_error_answers_have_no_body_but_one_is_read() -> None:
    refused = SubmitSmResp(command_status=CommandStatus.ESME_RTHROTTLED, sequence_number=3)
    assert len(encode(refused)) == 16
    with_body = bytes.fromhex("00000011800000040000005800000003") + b"\0"
    assert decode(with_body) == refused


def test_status_names() -> None:
    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(0x400) == "0x00000400"


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(UnencodablePdu) as caught:
        encode(SubmitSm(destination_addr="1" * 21))
    assert caught.value.field == "destination_addr"
    with pytest.raises(UnencodablePdu):
        encode(SubmitSm(short_message=b"x" * 255))
    with pytest.raises(UnencodablePdu):
        encode(SubmitSm(destination_addr="号码"))
    with pytest.raises(UnencodablePdu):
        encode(EnquireLink(sequence_number=1 << 31))


# --- property tests ------------------------------------------------------------------------


def _value(field: Integer | CString | Counted) -> st.SearchStrategy[object]:
    if isinstance(field, Integer):
        return st.integers(0, (1 << (8 * field.octets)) - 1)
    if isinstance(field, Counted):
        return st.binary(max_size=field.most)
    ascii_text = st.characters(min_codepoint=1, max_codepoint=127)
    if field.exact:
        return st.just("") | st.text(ascii_text, min_size=field.size - 1, max_size=field.size - 1)
    return st.text(ascii_text, max_size=field.size - 1)


@st.composite
def any_tlv(draw: st.DrawFn) -> Tlv:
    tag = draw(st.sampled_from(sorted(TLV_LENGTHS)) | st.integers(0x1400, 0x3FFF))
    least, most = TLV_LENGTHS.get(tag, (0, 40))
    return Tlv(int(tag), draw(st.binary(min_size=least, max_size=min(most, 300))))


@st.composite
def any_pdu(draw: st.DrawFn) -> Pdu:
    kind = PDUS[draw(st.sampled_from(sorted(PDUS)))]
    values: dict[str, Any] = {field.name: draw(_value(field)) for field in kind.layout}
    tlvs = tuple(draw(st.lists(any_tlv(), max_size=3)))
    number = draw(st.integers(0, 0x7FFFFFFF))
    return kind(sequence_number=number, tlvs=tlvs, **values)


@given(any_pdu())
def test_every_pdu_comes_back(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


def read(octets: bytes) -> tuple[int | None, Pdu | None]:
    """The status to answer, or the PDU."""
    try:
        return None, decode(octets)
    except MalformedPdu as error:
        return error.command_status, None


@given(any_pdu(), st.data())
def test_damaged_pdus_are_read_or_refused_but_never_crash(pdu: Pdu, data: st.DataObject) -> None:
    octets = bytearray(encode(pdu))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(4, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(octets[: data.draw(st.integers(16, len(octets)))])
    whole = len(cut).to_bytes(4, "big") + cut[4:]
    answer, again = read(whole)
    assert (again is None) == (answer in set(CommandStatus))


@given(st.binary(max_size=200))
def test_noise_never_crashes(noise: bytes) -> None:
    answer, again = read(noise)
    assert (again is None) == bool(answer)


@given(st.lists(any_pdu(), max_size=5), st.data())
def test_framing_does_not_depend_on_how_octets_arrive(pdus: list[Pdu], data: st.DataObject) -> None:
    stream = b"".join(encode(pdu) for pdu in pdus)
    framer, got = Framer(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += framer.feed(stream[:size])
        stream = stream[size:]
    assert [decode(one) for one in got] == pdus


@pytest.mark.parametrize("length", [0, 15, MAX_PDU_OCTETS + 1, 0xFFFFFFFF])
def test_a_mad_length_ends_the_framing_after_what_was_whole(length: int) -> None:
    framer = Framer()
    good = encode(EnquireLink(sequence_number=1))
    assert framer.feed(good + length.to_bytes(4, "big")) == [good]
    with pytest.raises(MalformedPdu) as caught:
        framer.feed(b"")
    assert caught.value.fatal


def test_passwords_stay_out_of_text() -> None:
    assert "secret08" not in repr(BindTransceiver(system_id="x", password="secret08"))
