"""Delivery receipts as carriers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.codec.smpp_constants import Tag
from sms.codec.smpp_fields import Tlv
from sms.codec.smpp_message import DeliverSm
from sms.receipt import Receipt, ReceiptState, is_receipt, parse_receipt, same_id

#: SMPP 3.4 Appendix B.
APPENDIX_B = (
    "id:0123456789 sub:001 dlvrd:001 submit date:2611210930 done date:2611210931 "
    "stat:DELIVRD err:000 Text:【贵阳12345】 id:9"
)


def receipt(text: str, *tlvs: Tlv) -> DeliverSm:
    return DeliverSm(esm_class=4, short_message=text.encode("utf-8"), tlvs=tlvs)


def test_appendix_b_text() -> None:
    pdu = receipt(APPENDIX_B)
    assert is_receipt(pdu)
    assert parse_receipt(pdu) == Receipt(
        "0123456789", ReceiptState.DELIVERED, error="000", done_date="2611210931"
    )


def test_tlvs_win_over_text() -> None:
    tlvs = (Tlv(Tag.receipted_message_id, b"abc\0"), Tlv(Tag.message_state, b"\x05"))
    assert parse_receipt(receipt(APPENDIX_B, *tlvs)) == Receipt(
        "abc", ReceiptState.UNDELIVERABLE, error="000", done_date="2611210931"
    )


def test_tlvs_alone_are_enough() -> None:
    tlvs = (Tlv(Tag.receipted_message_id, b"abc"), Tlv(Tag.message_state, b"\x02"))
    got = parse_receipt(receipt("", *tlvs))
    assert got == Receipt("abc", ReceiptState.DELIVERED)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("delivrd", ReceiptState.DELIVERED),
        ("EXPIRED", ReceiptState.EXPIRED),
        ("REJECTD", ReceiptState.REJECTED),
        ("MK:0001", ReceiptState.UNKNOWN),
    ],
)
def test_states(word: str, state: ReceiptState) -> None:
    got = parse_receipt(receipt(f"id:1 stat:{word} err:0"))
    assert got is not None
    assert got.state is state


def test_a_receipt_of_nothing() -> None:
    assert parse_receipt(receipt("hello")) is None


def test_a_persons_message_is_no_receipt() -> None:
    assert not is_receipt(DeliverSm(esm_class=0x40))
    assert is_receipt(DeliverSm(esm_class=0x44))


def test_ids_in_decimal_and_hexadecimal() -> None:
    assert same_id("0a1b2c3d", "169552957")
    assert same_id("0001234", "1234")
    assert same_id("ABC", "abc")
    assert not same_id("12", "13")


@given(
    st.text(max_size=200),
    st.lists(
        st.builds(Tlv, st.just(Tag.message_state), st.binary(min_size=1, max_size=1)), max_size=1
    ),
)
def test_no_text_breaks_the_reader(text: str, tlvs: list[Tlv]) -> None:
    parse_receipt(DeliverSm(esm_class=4, short_message=text.encode()[:254], tlvs=tuple(tlvs)))
