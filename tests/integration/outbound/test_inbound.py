"""Texts from phones: stored before they are answered, once, and handed on as contacts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from contacts.service import sms_received
from outbound.receiving import Receiver
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from sms.codec.smpp_message import DeliverSm

from .conftest import PHONE, Room

SOURCE = PHONE.lstrip("+")
LONG = "我家小区已经停水两天了，物业说在等水务公司，请问什么时候能恢复供水？" * 4


async def test_a_text_becomes_a_contact(room: Room) -> None:
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "小区停水两天了")
    assert await answer == 0
    assert list(room.contacts.by_ref.values()) == [(PHONE, "小区停水两天了")]


async def test_told_twice_it_is_one_contact(room: Room) -> None:
    for _ in range(2):
        (answer,) = room.smsc.from_phone(SOURCE, "12345", "停水")
        assert await answer == 0
    assert len(room.contacts.by_ref) == 1
    room.clock.advance(timedelta(minutes=6))
    (answer,) = room.smsc.from_phone(SOURCE, "12345", "停水")
    assert await answer == 0
    assert len(room.contacts.by_ref) == 2, "the same words later are another message"


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


async def test_without_the_database_the_carrier_is_asked_to_come_again(room: Room) -> None:
    nowhere = Database("postgresql://rexian_app:x@127.0.0.1:1/none")
    receiver = Receiver(nowhere, room.clock, room.contacts)
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
    receiver = Receiver(bare_db, clock, sms_received)
    pdu = DeliverSm(
        source_addr=SOURCE, destination_addr=destination, short_message=b"no water", data_coding=0
    )
    assert await receiver(pdu) == 0
    async with bare_db.begin() as tx:
        rows = (await tx.execute(text("SELECT line, body FROM contacts"))).all()
    assert [tuple(row) for row in rows] == [(line, "no water")]
