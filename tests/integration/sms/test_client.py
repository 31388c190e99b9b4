"""Our client against the simulated carrier, which speaks by another codec, over real TCP."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace

import pytest
from prometheus_client import CollectorRegistry

from rexian.app.carrier.smsc import Smsc
from sms.account import Account, Counters, NotSent, Refused, Throttled, Unanswered
from sms.client import SmppClient
from sms.codec.smpp_constants import Tag
from sms.codec.smpp_fields import Tlv
from sms.codec.smpp_message import DeliverSm, SubmitSm
from sms.metrics import MEANINGS, SmppMetrics
from sms.reactor import release_reactor
from sms.receipt import ReceiptState, is_receipt, parse_receipt
from sms.segment import Concatenation, decode_text, segment, sign, split_header
from tests.support.wait import until

from .conftest import Inbox

PHONE = "8613985550123"


def submit(text: str = "您好", **fields: object) -> SubmitSm:
    return SubmitSm(
        source_addr="10612345",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=PHONE,
        registered_delivery=1,
        data_coding=8,
        short_message=text.encode("utf-16-be"),
        **fields,  # type: ignore[arg-type]
    )


async def test_a_long_signed_text_arrives_whole_and_is_receipted(
    client: SmppClient, smsc: Smsc, inbox: Inbox
) -> None:
    text = sign(
        "关于您反映的自来水浑浊问题，经现场核实已更换老旧管段并冲洗，水质检测合格。" * 3,
        "贵阳12345",
    )
    parts = segment(text, reference=7)
    ids = [
        await client.submit(
            replace(
                submit(),
                esm_class=part.esm_class,
                short_message=part.user_data,
                tlvs=(Tlv(Tag.user_message_reference, bytes([0, part.number])),),
            )
        )
        for part in parts
    ]
    assert len(set(ids)) == len(parts) == 2
    (message,) = smsc.store.messages()
    assert message["complete"]
    assert message["text"] == text
    assert message["to"] == PHONE
    await until(lambda: len(inbox.pdus) == len(parts))
    receipts = [parse_receipt(pdu) for pdu in inbox.pdus if is_receipt(pdu)]
    assert {one.message_id for one in receipts if one} == set(ids)
    assert all(one and one.state is ReceiptState.DELIVERED for one in receipts)
    reference = inbox.pdus[0].tlv(Tag.user_message_reference)
    assert reference is not None
    assert reference.number in {1, 2}


async def test_throttling_slows_down_and_says_for_how_long(client: SmppClient, smsc: Smsc) -> None:
    smsc.store.behaviour.throttle_next = 1
    with pytest.raises(Throttled) as caught:
        await client.submit(submit())
    assert caught.value.retry_after_s == pytest.approx(0.05)
    with pytest.raises(Throttled):
        await client.submit(submit())
    assert smsc.store.counters["throttled"] == 1, "the second did not leave the house"
    await asyncio.sleep(caught.value.retry_after_s)
    assert await client.submit(submit())


async def test_repeated_throttling_doubles_the_pause(client: SmppClient, smsc: Smsc) -> None:
    smsc.store.behaviour.throttle_next = 2
    with pytest.raises(Throttled) as first:
        await client.submit(submit())
    await asyncio.sleep(first.value.retry_after_s)
    with pytest.raises(Throttled) as second:
        await client.submit(submit())
    assert second.value.retry_after_s == pytest.approx(2 * first.value.retry_after_s)


async def test_refused_for_good(client: SmppClient, smsc: Smsc) -> None:
    smsc.store.behaviour.refuse_next = 1
    with pytest.raises(Refused) as caught:
        await client.submit(submit())
    assert caught.value.command_status == "ESME_RSUBMITFAIL"


async def test_a_cut_before_the_answer_is_uncertain_and_the_link_comes_back(
    client: SmppClient, smsc: Smsc, inbox: Inbox
) -> None:
    smsc.store.behaviour.cut_before_answer = 1
    with pytest.raises(Unanswered):
        await client.submit(submit())
    assert len(smsc.store.parts) == 1
    await until(lambda: client.bound and smsc.store.counters["binds"] == 2)
    assert await client.submit(submit("第二条"))
    await until(lambda: len(inbox.pdus) == 2)


async def test_no_answer_is_uncertain(client: SmppClient, smsc: Smsc) -> None:
    smsc.store.behaviour.mute_next = 1
    with pytest.raises(Unanswered):
        await client.submit(submit())
    assert await client.submit(submit())


async def test_many_at_once_stay_in_the_window(client: SmppClient, smsc: Smsc) -> None:
    ids = await asyncio.gather(*(client.submit(submit(f"第{n}条")) for n in range(200)))
    assert len(set(ids)) == 200
    assert len(smsc.store.parts) == 200
    assert client.counters.accepted == 200


async def test_messages_from_phones(client: SmppClient, smsc: Smsc, inbox: Inbox) -> None:
    text = "我家小区停水两天了，请问什么时候恢复？" * 5
    answers = smsc.from_phone(PHONE, "12345", text)
    assert [await one for one in answers] == [0, 0]
    got: dict[int, str] = {}
    for pdu in inbox.pdus:
        assert not is_receipt(pdu)
        found, body = split_header(pdu.payload, pdu.esm_class)
        assert isinstance(found, Concatenation)
        got[found.number] = decode_text(body, pdu.data_coding)
    assert "".join(got[number] for number in sorted(got)) == text


async def test_what_cannot_be_stored_is_offered_back(
    client: SmppClient, smsc: Smsc, inbox: Inbox
) -> None:
    assert client.bound
    inbox.status = 0x64
    (answer,) = smsc.from_phone(PHONE, "12345", "你好")
    assert await answer == 0x64


async def test_a_wrong_password_is_not_bound(account: Account, smsc: Smsc, inbox: Inbox) -> None:
    smsc.password = "another"
    client = SmppClient(account, inbox)
    await client.start()
    assert not await client.wait_bound(0.3)
    with pytest.raises(NotSent):
        await client.submit(submit())
    await client.stop()
    release_reactor()


async def test_a_carrier_that_is_down_is_waited_for(inbox: Inbox, smsc: Smsc) -> None:
    port = await smsc.start(0)
    await smsc.stop()
    account = Account("127.0.0.1", port, "rexian", "x", reconnect_first_s=0.05)
    client = SmppClient(account, inbox)
    await client.start()
    with pytest.raises(NotSent):
        await client.submit(submit())
    await smsc.start(port)
    assert await client.wait_bound(5)
    await client.stop()
    release_reactor()


async def test_a_submit_that_finds_no_room_in_the_window_has_not_left(smsc: Smsc) -> None:
    async def never(_pdu: DeliverSm) -> int:
        return 0

    smsc.store.behaviour.mute_next = 1
    account = Account("127.0.0.1", await smsc.start(0), "rexian", "secret", window=1)
    client = SmppClient(replace(account, response_timeout_s=0.5), never)
    await client.start()
    assert await client.wait_bound(5)
    outcomes = await asyncio.gather(
        client.submit(submit()), client.submit(submit()), return_exceptions=True
    )
    assert [type(one) for one in outcomes] in ([Unanswered, NotSent], [Unanswered, str])
    await client.stop()
    release_reactor()


async def test_counters_are_metrics(client: SmppClient) -> None:
    await client.submit(submit())
    registry = CollectorRegistry()
    registry.register(SmppMetrics(client))
    assert registry.get_sample_value("rexian_smpp_accepted_total") == 1
    assert registry.get_sample_value("rexian_smpp_bound") == 1
    assert set(MEANINGS) == {field.name for field in fields(Counters)}


async def test_on_hold_nothing_leaves(client: SmppClient, smsc: Smsc) -> None:
    client.hold()
    with pytest.raises(NotSent):
        await client.submit(submit())
    assert not client.bound
    assert len(smsc.store.parts) == 0
