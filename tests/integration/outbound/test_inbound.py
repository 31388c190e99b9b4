"""Texts from phones: stored before they are answered, once, and handed on as contacts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from contacts.service import sms_received
from outbound.model import State
from outbound.receiving import Receiver
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from sms.codec.smpp_constants import Tag
from sms.codec.smpp_fields import Tlv
from sms.codec.smpp_message import DeliverSm

from .conftest import PHONE, Room
from .test_sms import FACTS, closed, settled

SOURCE = PHONE.lstrip("+")
LONG = "我家小区已经停水两天了，物业说在等水务公司，请问什么时候能恢复供水？" * 4


async def test_a_text_becomes_a_contact(room: Room) -> None:
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "小区停水两天了")
    assert await answer == 0
    assert list(room.contacts.by_ref.values()) == [(PHONE, "小区停水两天了")]


async def test_the_same_words_written_again_are_another_message(room: Room) -> None:
    for _ in range(2):
        (answer,) = room.smsc.from_phone(SOURCE, "12345", "还是没有水")
        assert await answer == 0
    assert len(room.contacts.by_ref) == 2


async def test_what_the_carrier_got_no_answer_for_is_a_repeat(room: Room) -> None:
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "停水")
    assert await answer == 0
    room.receiver.answers.disconnected()
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "停水")
    assert await answer == 0
    assert len(room.contacts.by_ref) == 1, "the answer may have been lost with the connection"
    room.clock.advance(timedelta(minutes=6))
    room.receiver.answers.disconnected()
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "停水")
    assert await answer == 0
    assert len(room.contacts.by_ref) == 2, "the same words later are another message"


async def test_a_late_answer_may_have_been_too_late(room: Room) -> None:
    pdu = DeliverSm(source_addr=SOURCE, destination_addr="12345", short_message=b"no water")
    assert await room.receiver(pdu) == 0
    room.clock.advance(timedelta(seconds=6))
    room.receiver.answers.answered(pdu, 0)
    assert await room.receiver(pdu) == 0
    assert len(room.contacts.by_ref) == 1


async def test_a_cut_connection_reaches_the_receiver(room: Room) -> None:
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "停水")
    assert await answer == 0
    port = room.client.account.port
    await room.smsc.stop()
    await room.smsc.start(port)

    async def bound() -> bool:
        return room.client.bound

    await room.until(bound)
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "停水")
    assert await answer == 0
    assert len(room.contacts.by_ref) == 1


async def test_the_carriers_own_reference_tells_messages_apart(room: Room) -> None:
    def pdu(reference: int) -> DeliverSm:
        return DeliverSm(
            source_addr=SOURCE,
            destination_addr="12345",
            short_message=b"no water",
            tlvs=(Tlv(Tag.user_message_reference, reference.to_bytes(2, "big")),),
        )

    for reference in (7, 7, 8):
        assert await room.receiver(pdu(reference)) == 0
        room.receiver.answers.answered(pdu(reference), 0)
    assert len(room.contacts.by_ref) == 2


async def test_a_long_text_is_one_contact(room: Room) -> None:
    answers = room.smsc.from_phone(SOURCE, "12345", LONG)
    assert [await one for one in answers] == [0, 0, 0]
    assert list(room.contacts.by_ref.values()) == [(PHONE, LONG)]


def part(number: int, total: int, text: str) -> DeliverSm:
    return DeliverSm(
        source_addr=SOURCE,
        destination_addr="12345",
        esm_class=0x40,
        data_coding=8,
        short_message=bytes([5, 0, 3, 77, total, number]) + text.encode("utf-16-be"),
    )


async def test_parts_in_any_order(room: Room) -> None:
    for number in (3, 1, 2):
        assert await room.receiver(part(number, 3, f"第{number}段")) == 0
    assert list(room.contacts.by_ref.values()) == [(PHONE, "第1段第2段第3段")]


async def test_a_part_that_never_comes_leaves_a_gap(room: Room) -> None:
    await room.receiver(part(1, 3, "开头"))
    await room.receiver(part(3, 3, "结尾"))
    await room.worker.idle()
    assert room.contacts.by_ref == {}
    room.clock.advance(timedelta(days=400))
    await room.worker.idle()
    assert list(room.contacts.by_ref.values()) == [(PHONE, "开头〔此处缺一段〕结尾")]


async def test_a_reused_reference_does_not_mix_two_texts(room: Room) -> None:
    await room.receiver(part(1, 3, "旧一"))
    await room.receiver(part(2, 3, "旧二"))
    for number in (1, 2, 3):
        await room.receiver(part(number, 3, f"新{number}"))
    bodies = [body for _, body in room.contacts.by_ref.values()]
    assert bodies == ["旧一旧二〔此处缺一段〕", "新1新2新3"]


async def test_a_reused_reference_much_later_begins_a_new_text(room: Room) -> None:
    await room.receiver(part(1, 2, "旧一"))
    room.clock.advance(timedelta(minutes=6))
    await room.receiver(part(2, 2, "新二"))
    await room.receiver(part(1, 2, "新一"))
    bodies = [body for _, body in room.contacts.by_ref.values()]
    assert bodies == ["旧一〔此处缺一段〕", "新一新二"]


async def test_parts_numbered_by_tlvs(room: Room) -> None:
    for number in (2, 1):
        pdu = DeliverSm(
            source_addr=SOURCE,
            destination_addr="12345",
            data_coding=8,
            short_message=f"第{number}段".encode("utf-16-be"),
            tlvs=(
                Tlv(Tag.sar_msg_ref_num, b"\x01\x02"),
                Tlv(Tag.sar_total_segments, b"\x02"),
                Tlv(Tag.sar_segment_seqnum, bytes([number])),
            ),
        )
        assert await room.receiver(pdu) == 0
    assert [body for _, body in room.contacts.by_ref.values()] == ["第1段第2段"]


@pytest.mark.parametrize("written", ["+8613985550123", "8613985550123", "13985550123"])
async def test_a_receipt_finds_its_notice_however_the_number_is_written(
    room: Room, written: str
) -> None:
    room.smsc.store.behaviour.receipt_state = "none"
    case_id = await closed(room, replace(FACTS, reply="已处理"))
    await room.worker.idle()
    (one,) = (await settled(room, case_id, State.SENT)).parts
    words = f"id:{one.carrier_message_id} stat:DELIVRD err:000"
    pdu = DeliverSm(
        source_addr=written, destination_addr="12345", esm_class=4, short_message=words.encode()
    )
    assert await room.receiver(pdu) == 0
    await settled(room, case_id, State.DELIVERED)


async def test_without_the_database_the_carrier_is_asked_to_come_again(room: Room) -> None:
    nowhere = Database("postgresql://rexian_app:x@127.0.0.1:1/none")
    receiver = Receiver.make(nowhere, room.clock, room.contacts)
    assert await receiver(part(1, 1, "停水")) == 0x64
    await nowhere.close()


async def test_hostile_texts_are_kept_as_text(room: Room) -> None:
    words = "${SHELL(id)} '; DROP TABLE contacts;-- \0 <script>"
    (answer,) = room.smsc.from_phone(SOURCE, "12345", words)
    assert await answer == 0
    ((_, body),) = room.contacts.by_ref.values()
    assert body == words.replace("\0", "")


@pytest.mark.parametrize(
    ("destination", "line"),
    [
        ("12345", "12345"),
        ("10612345", "10612345"),
        ("1061234501", "10612345"),
        ("8610612345", "10612345"),
        ("+8610612345", "10612345"),
        ("", "12345"),
        ("hotline", "12345"),
    ],
)
async def test_whatever_number_was_written_to_the_text_is_kept(
    bare_db: Database, clock: FixedClock, destination: str, line: str
) -> None:
    receiver = Receiver.make(bare_db, clock, sms_received)
    pdu = DeliverSm(
        source_addr=SOURCE, destination_addr=destination, short_message=b"no water", data_coding=0
    )
    assert await receiver(pdu) == 0
    async with bare_db.begin() as tx:
        rows = (await tx.execute(text("SELECT line, body FROM contacts"))).all()
    assert [tuple(row) for row in rows] == [(line, "no water")]
