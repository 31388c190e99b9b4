"""Notices by SMS: told once, in parts, receipted; and what is uncertain stays so until proof."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from cases.model import Outcome
from outbound import queries
from outbound.model import Decision, State
from outbound.notices import Notices
from outbound.ports import CaseFacts
from outbound.quiet import QuietHours
from outbound.service import resolve
from outbound.sms_sender import SmsSender
from rexian.kernel import work
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden, LeaseLost, NotAllowed
from rexian.kernel.events import Subject, history
from rexian.kernel.ids import new_id
from rexian.kernel.readers import Reader
from sms.account import Throttled, Unanswered
from sms.codec.smpp_constants import Tag
from sms.codec.smpp_fields import Tlv
from sms.codec.smpp_message import DeliverSm, SubmitSm

from .conftest import PHONE, Room

CENTRE = Actor("user", "U-CENTRE", Role.CENTRE)
AGENT = Actor("user", "U-1012", Role.AGENT)
ANSWER = "经现场核实，已更换老旧管段并冲洗管网，水质检测合格，感谢您的监督。" * 4
FACTS = CaseFacts(
    number="12345-20261118-00007",
    code="042713",
    line="12345",
    category="供水水质",
    confidential=False,
    phone=PHONE,
    reply=ANSWER,
    last_contact_at=None,
)


async def closed(room: Room, facts: CaseFacts = FACTS) -> str:
    """A case that closed: its event, and the messages made of it. Returns the case's id."""
    case_id = new_id()
    room.cases.known[case_id] = facts
    await room.happened(
        "case",
        "case.closed",
        case_id,
        {"outcome": Outcome.HANDLED.value, "on_time": True, "texts": {}},
    )
    await room.reader.run_once()
    return case_id


async def notice(room: Room, case_id: str) -> queries.Notice:
    async with room.db.begin() as tx:
        (one,) = await queries.of_case(tx, case_id)
    return one


async def settled(room: Room, case_id: str, state: State) -> queries.Notice:
    async def there() -> bool:
        return (await notice(room, case_id)).state is state

    await room.until(there)
    return await notice(room, case_id)


async def test_a_result_arrives_in_parts_and_the_receipts_are_shown(room: Room) -> None:
    case_id = await closed(room)
    await room.worker.idle()
    shown = await settled(room, case_id, State.DELIVERED)
    assert len(shown.parts) == 3
    assert all(part.receipt_name == "已送达手机" for part in shown.parts)
    assert len({part.carrier_message_id for part in shown.parts}) == 3
    (message,) = room.smsc.store.messages()
    assert message["to"] == PHONE.lstrip("+")
    assert message["text"].startswith("【贵阳12345】")
    assert ANSWER in message["text"]


async def test_an_event_seen_twice_is_told_once(room: Room) -> None:
    case_id = await closed(room)
    async with room.db.begin() as tx:
        await tx.execute(text("UPDATE reader_cursors SET epoch = 0, xid = '0', id = 0"))
    assert await room.reader.run_once() == 1
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)
    assert len(room.smsc.store.messages()) == 1


async def test_the_log_tells_what_became_of_it_and_no_number(room: Room) -> None:
    case_id = await closed(room)
    await room.worker.idle()
    shown = await settled(room, case_id, State.DELIVERED)
    async with room.db.begin() as tx:
        told = await history(tx, Subject("notice", shown.id))
    assert [event.type for event in told] == ["notice.sent", "notice.delivered"]
    words = str([event.payload for event in told])
    assert "13985550123" not in words
    assert "管段" not in words


async def test_no_mobile_number_nothing_to_send(room: Room) -> None:
    for number in ("", "+8685185550123"):
        case_id = await closed(room, replace(FACTS, phone=number))
        async with room.db.begin() as tx:
            assert await queries.of_case(tx, case_id) == []


async def test_throttled_messages_go_out_later_and_once(room: Room) -> None:
    room.smsc.store.behaviour.throttle_next = 2
    case_id = await closed(room)
    for _ in range(8):
        await room.worker.idle()
        room.clock.advance(timedelta(seconds=2))
        await room.until(room.client_may_send)
    await settled(room, case_id, State.DELIVERED)
    (message,) = room.smsc.store.messages()
    assert message["complete"]
    assert len(room.smsc.store.parts) == 3


async def test_refused_is_shown_to_somebody_who_can_decide(room: Room) -> None:
    room.smsc.store.behaviour.refuse_next = 99
    case_id = await closed(room)
    await room.worker.idle()
    shown = await notice(room, case_id)
    assert shown.state is State.FAILED
    assert shown.error == "ESME_RSUBMITFAIL"
    async with room.db.begin() as tx:
        (open_one,) = await queries.needing_decision(tx, CENTRE)
        assert open_one.recipient_masked == "139****0123"
        with pytest.raises(Forbidden):
            await queries.needing_decision(tx, AGENT)
        with pytest.raises(NotAllowed):
            await resolve(tx, shown.id, Decision.TAKE_AS_SENT, CENTRE, at=room.clock.now())
        await resolve(tx, shown.id, Decision.LEAVE, CENTRE, at=room.clock.now())
        assert await queries.needing_decision(tx, CENTRE) == []
    assert (await notice(room, case_id)).state is State.FAILED


async def test_no_answer_is_uncertain_until_a_late_receipt(room: Room) -> None:
    room.smsc.store.behaviour.mute_next = 3
    room.smsc.store.behaviour.receipt_delay_s = 2.0
    case_id = await closed(room)
    await room.worker.idle()
    assert (await notice(room, case_id)).state is State.UNCERTAIN
    await settled(room, case_id, State.DELIVERED)
    assert len(room.smsc.store.parts) == 3, "nothing was sent a second time"


async def lost_worker(room: Room) -> str:
    """A worker that was killed after the octets left and before it could write so down."""
    case_id = await closed(room)
    sender = room.worker.handlers["outbound.sms"]
    assert isinstance(sender, SmsSender)
    (leased,) = await work.lease(
        room.db, ["outbound.sms"], owner="dead", clock=room.clock, seconds=30
    )
    begun = await sender._begin(leased)
    assert begun is not None
    recipient, rows = begun
    for row in rows:
        await sender._submit(row, recipient)
    return case_id


async def test_a_killed_worker_leaves_uncertain_and_nothing_is_sent_again(room: Room) -> None:
    room.smsc.store.behaviour.receipt_state = "none"
    case_id = await lost_worker(room)
    assert (await notice(room, case_id)).state is State.SENDING
    room.clock.advance(timedelta(seconds=31))
    await room.worker.idle()
    shown = await notice(room, case_id)
    assert shown.state is State.UNCERTAIN
    assert shown.error_name == "发送途中程序中断"
    room.clock.advance(timedelta(hours=2))
    await room.worker.idle()
    assert len(room.smsc.store.messages()) == 1


async def test_receipts_settle_what_a_killed_worker_sent(room: Room) -> None:
    case_id = await lost_worker(room)
    await settled(room, case_id, State.DELIVERED)
    room.clock.advance(timedelta(seconds=31))
    await room.worker.idle()
    assert (await notice(room, case_id)).state is State.DELIVERED
    assert len(room.smsc.store.messages()) == 1


async def test_a_slow_worker_whose_lease_ended_writes_nothing(room: Room) -> None:
    room.smsc.store.behaviour.receipt_state = "none"
    await closed(room)
    sender = room.worker.handlers["outbound.sms"]
    (slow,) = await work.lease(
        room.db, ["outbound.sms"], owner="slow", clock=room.clock, seconds=30
    )
    room.clock.advance(timedelta(seconds=31))
    await room.worker.idle()
    with pytest.raises(LeaseLost):
        await sender(slow)
    assert len(room.smsc.store.messages()) == 1


async def test_a_person_decides_to_send_again(room: Room) -> None:
    room.smsc.store.behaviour.receipt_state = "none"
    case_id = await lost_worker(room)
    room.clock.advance(timedelta(seconds=31))
    await room.worker.idle()
    shown = await notice(room, case_id)
    room.smsc.store.behaviour.receipt_state = "DELIVRD"
    async with room.db.begin() as tx:
        with pytest.raises(Forbidden):
            await resolve(tx, shown.id, Decision.SEND_AGAIN, AGENT, at=room.clock.now())
        await resolve(tx, shown.id, Decision.SEND_AGAIN, CENTRE, at=room.clock.now())
    with pytest.raises(NotAllowed):
        async with room.db.begin() as tx:
            await resolve(tx, shown.id, Decision.SEND_AGAIN, CENTRE, at=room.clock.now())
    room.clock.set(room.clock.now() + timedelta(days=400))
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)
    assert len(room.smsc.store.messages()) == 2
    async with room.db.begin() as tx:
        told = await history(tx, Subject("notice", shown.id))
        assert await queries.needing_decision(tx, CENTRE) == []
    assert told[1].type == "notice.send_again"
    assert told[1].actor == "user:U-CENTRE"


async def test_a_person_takes_it_as_sent(room: Room) -> None:
    room.smsc.store.behaviour.receipt_state = "none"
    case_id = await lost_worker(room)
    room.clock.advance(timedelta(seconds=31))
    await room.worker.idle()
    shown = await notice(room, case_id)
    async with room.db.begin() as tx:
        await resolve(tx, shown.id, Decision.TAKE_AS_SENT, CENTRE, at=room.clock.now())
    room.clock.set(room.clock.now() + timedelta(days=400))
    await room.worker.idle()
    assert (await notice(room, case_id)).state is State.SENT
    assert len(room.smsc.store.messages()) == 1


async def test_undeliverable_then_delivered_after_all(room: Room) -> None:
    room.smsc.store.behaviour.receipt_state = "UNDELIV"
    case_id = await closed(room, replace(FACTS, reply="已处理。"))
    await room.worker.idle()
    shown = await settled(room, case_id, State.FAILED)
    assert shown.error_name == "无法送达手机"
    for part in room.smsc.store.parts:
        room.smsc.receipt(part, "DELIVRD")
    await settled(room, case_id, State.DELIVERED)


async def test_a_receipt_faster_than_the_answer_finds_its_part(room: Room) -> None:
    room.smsc.store.behaviour.receipt_tlvs = False
    room.smsc.store.behaviour.receipt_delay_s = 0.0
    case_ids = [await closed(room, replace(FACTS, reply="已处理。")) for _ in range(20)]
    await room.worker.idle()
    for case_id in case_ids:
        await settled(room, case_id, State.DELIVERED)


async def test_receipts_of_strangers_change_nothing(room: Room) -> None:
    room.smsc.store.behaviour.receipt_state = "none"
    case_id = await closed(room, replace(FACTS, reply="已处理。"))
    await room.worker.idle()
    shown = await notice(room, case_id)
    answer = await room.smsc.send(
        {
            "source_addr": "8613985559999",
            "destination_addr": "10612345",
            "esm_class": 4,
            "short_message": f"id:{shown.parts[0].carrier_message_id} stat:DELIVRD".encode(),
        }
    )
    assert answer == 0
    assert (await notice(room, case_id)).state is State.SENT


async def test_quiet_hours_hold_a_message_until_morning(room: Room) -> None:
    rule = QuietHours.parse("21:30", "08:00", 60)
    handler = Notices(room.cases, room.clock, rule, "贵阳12345")
    room.reader = Reader(room.db, "night", handler, types=["case.closed"], clock=room.clock)
    room.clock.advance(timedelta(hours=12))
    case_id = await closed(room)
    await room.worker.idle()
    shown = await notice(room, case_id)
    assert (shown.state, shown.send_after.isoformat()) == (
        State.WAITING,
        "2026-11-19T00:00:00+00:00",
    )
    assert room.smsc.store.messages() == []
    room.clock.set(shown.send_after)
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)


async def test_a_department_sees_nothing_of_other_cases(room: Room) -> None:
    case_id = await closed(room)
    async with room.db.begin(department="D-WATER") as tx:
        assert await queries.of_case(tx, case_id) == []
    with pytest.raises(Exception, match="permission denied"):
        async with room.db.begin(department="D-WATER") as tx:
            await tx.execute(text("SELECT recipient FROM messages"))


async def test_a_gateway_that_is_down_is_waited_for(room: Room) -> None:
    port = room.client.account.port
    await room.smsc.stop()

    async def unbound() -> bool:
        return not room.client.bound

    await room.until(unbound)
    case_id = await closed(room)
    await room.worker.idle()
    assert (await notice(room, case_id)).state is State.WAITING
    await room.smsc.start(port)
    assert await room.client.wait_bound(5)
    room.clock.advance(timedelta(seconds=2))
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)


@dataclass
class Hasty:
    """A carrier whose receipt is here before its answer; fits `outbound.sms_sender.Carrier`."""

    room: Room
    says: str
    bound: bool = True

    async def submit(self, pdu: SubmitSm) -> str:
        words = f"id:4711 stat:{self.says} err:001".encode()
        receipt = DeliverSm(source_addr=PHONE.lstrip("+"), esm_class=4, short_message=words)
        assert await self.room.receiver(receipt) == 0
        return "4711"


@dataclass
class Choking:
    """A carrier that loses its answer to the first part and throttles the others."""

    submitted: list[SubmitSm] = field(default_factory=list)
    bound: bool = True

    async def submit(self, pdu: SubmitSm) -> str:
        self.submitted.append(pdu)
        if len(self.submitted) == 1:
            raise Unanswered(problem="no answer in time")
        raise Throttled(0.05, "ESME_RTHROTTLED")


async def test_a_refusal_by_receipt_before_the_answer_is_a_failure(room: Room) -> None:
    room.worker.handlers["outbound.sms"] = SmsSender(
        room.db, room.clock, Hasty(room, "UNDELIV"), "10612345", QuietHours.never()
    )
    case_id = await closed(room, replace(FACTS, reply="已处理。"))
    await room.worker.idle()
    shown = await notice(room, case_id)
    assert (shown.state, shown.error_name) == (State.FAILED, "无法送达手机")
    async with room.db.begin() as tx:
        states = (await tx.execute(text("SELECT state FROM work"))).scalars().all()
    assert states == ["failed"]


async def test_parts_beside_an_uncertain_one_are_not_forgotten(room: Room) -> None:
    carrier = Choking()
    room.worker.handlers["outbound.sms"] = SmsSender(
        room.db, room.clock, carrier, "10612345", QuietHours.never()
    )
    case_id = await closed(room)
    await room.worker.idle()
    (reference,) = (tlv.value for tlv in carrier.submitted[0].tlvs)
    receipt = DeliverSm(
        source_addr=PHONE.lstrip("+"),
        esm_class=4,
        short_message=b"id:4711 stat:DELIVRD err:000",
        tlvs=(Tlv(Tag.user_message_reference, reference),),
    )
    assert await room.receiver(receipt) == 0
    shown = await notice(room, case_id)
    assert shown.state is State.FAILED
    assert [part.state for part in shown.parts].count(State.DELIVERED) == 1
    async with room.db.begin() as tx:
        assert [one.id for one in await queries.needing_decision(tx, CENTRE)] == [shown.id]
        await resolve(tx, shown.id, Decision.SEND_AGAIN, CENTRE, at=room.clock.now())
    room.worker.handlers["outbound.sms"] = SmsSender(
        room.db, room.clock, room.client, "10612345", QuietHours.never()
    )
    room.clock.set(room.clock.now() + timedelta(days=400))
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)
    assert len(room.smsc.store.parts) == 2, "the part that arrived is not sent again"


async def test_what_the_carrier_held_up_does_not_wake_anybody(room: Room) -> None:
    rule = QuietHours.parse("21:30", "08:00", 60)
    room.worker.handlers["outbound.sms"] = SmsSender(
        room.db, room.clock, room.client, "10612345", rule
    )
    case_id = await closed(room)
    room.clock.advance(timedelta(hours=12))
    await room.worker.idle()
    shown = await notice(room, case_id)
    assert shown.state is State.WAITING
    assert shown.send_after.isoformat() == "2026-11-19T00:00:00+00:00"
    assert room.smsc.store.messages() == []
    room.clock.set(shown.send_after)
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)


async def test_an_emergency_notice_goes_out_at_night_however_late(room: Room) -> None:
    room.worker.handlers["outbound.sms"] = SmsSender(
        room.db, room.clock, room.client, "10612345", QuietHours.parse("21:30", "08:00", 60)
    )
    case_id = await closed(room, replace(FACTS, urgent=True))
    room.clock.advance(timedelta(hours=12))
    await room.worker.idle()
    await settled(room, case_id, State.DELIVERED)
