"""The simulated carrier on a real socket, and our client bound to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rexian.app.carrier.smsc import Smsc
from rexian.app.carrier.store import CarrierStore
from sms.account import Account
from sms.client import SmppClient
from sms.codec.smpp_message import DeliverSm
from sms.reactor import release_reactor


class Inbox:
    """Keeps what the carrier delivers; `status` is what we answer."""

    def __init__(self) -> None:
        self.pdus: list[DeliverSm] = []
        self.status = 0

    async def __call__(self, pdu: DeliverSm) -> int:
        self.pdus.append(pdu)
        return self.status


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    carrier = Smsc(CarrierStore())
    carrier.store.behaviour.receipt_delay_s = 0.05
    yield carrier
    await carrier.stop()


@pytest.fixture
async def account(smsc: Smsc) -> Account:
    return Account(
        host="127.0.0.1",
        port=await smsc.start(0),
        system_id="rexian",
        password="secret",
        response_timeout_s=1.0,
        reconnect_first_s=0.05,
        throttle_first_s=0.05,
    )


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def client(account: Account, inbox: Inbox) -> AsyncIterator[SmppClient]:
    made = SmppClient(account, inbox)
    await made.start()
    assert await made.wait_bound(5)
    yield made
    await made.stop()
    release_reactor()
