"""The room on real parts: PostgreSQL, the simulated carrier on a socket, a mail sink."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound.model import Channel
from outbound.notices import EVENTS, Notices
from outbound.ports import CaseFacts
from outbound.quiet import QuietHours
from outbound.receiving import INCOMPLETE, Receiver
from outbound.sms_sender import SmsSender
from outbound.store import work_kind
from rexian.app.carrier.smsc import Smsc
from rexian.app.carrier.store import CarrierStore
from rexian.kernel.actor import Actor
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.events import Event, NewEvent, Subject, append
from rexian.kernel.readers import Reader
from rexian.kernel.work import Worker
from sms.account import Account
from sms.client import SmppClient
from sms.reactor import release_reactor
from tests.support.wait import until

PHONE = "+8613985550123"


@dataclass
class FakeCases:
    """Stands in for the room `cases` behind its port: facts by case id."""

    known: dict[str, CaseFacts] = field(default_factory=dict)

    async def facts(self, tx: AsyncConnection, case_id: str) -> CaseFacts | None:
        return self.known.get(case_id)


@dataclass
class Contacts:
    """Stands in for the room `contacts`: what came in, once for each reference."""

    by_ref: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def __call__(
        self,
        tx: AsyncConnection,
        *,
        number: str,
        body: str,
        line: str,
        message_ref: str,
        at: datetime,
    ) -> str:
        self.by_ref.setdefault(message_ref, (number, body))
        return f"contact-{len(self.by_ref)}"


@dataclass
class Room:
    """Everything a test of notices touches."""

    db: Database
    clock: FixedClock
    smsc: Smsc
    client: SmppClient
    receiver: Receiver
    cases: FakeCases
    contacts: Contacts
    reader: Reader
    worker: Worker

    async def happened(
        self, kind: str, type_: str, subject_id: str, payload: dict[str, object]
    ) -> Event:
        """Append an event as another room would."""
        async with self.db.begin() as tx:
            (event,) = await append(
                tx,
                Subject(kind, subject_id),
                [NewEvent(type_, payload)],
                actor=Actor.system("test"),
                at=self.clock.now(),
            )
        return event

    async def client_may_send(self) -> bool:
        """Whether the client's pause after throttling is over."""
        return self.client._slow_until <= asyncio.get_running_loop().time()

    async def until(
        self, condition: Callable[[], Awaitable[object]], timeout_s: float = 8.0
    ) -> None:
        """Wait until `condition` holds."""
        await until(condition, timeout_s)


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    carrier = Smsc(CarrierStore())
    carrier.store.behaviour.receipt_delay_s = 0.05
    yield carrier
    await carrier.stop()


@pytest.fixture
async def room(
    bare_db: Database, clock: FixedClock, smsc: Smsc, tmp_path: Path
) -> AsyncIterator[Room]:
    cases, contacts = FakeCases(), Contacts()
    account = Account(
        host="127.0.0.1",
        port=await smsc.start(0),
        system_id="rexian",
        password="secret",
        response_timeout_s=1.0,
        reconnect_first_s=0.05,
        throttle_first_s=0.05,
    )
    receiver = Receiver.make(bare_db, clock, contacts)
    client = SmppClient(account, receiver, receiver.answers)
    handler = Notices(cases, clock, QuietHours.never(), "贵阳12345")
    room = Room(
        bare_db,
        clock,
        smsc,
        client,
        receiver,
        cases,
        contacts,
        Reader(bare_db, "notices", handler, types=EVENTS, clock=clock),
        Worker(
            bare_db,
            {
                work_kind(Channel.SMS): SmsSender(
                    bare_db, clock, client, "10612345", QuietHours.never()
                ),
                INCOMPLETE: receiver.incomplete,
            },
            owner="test",
            clock=clock,
            seconds=40,
        ),
    )
    await client.start()
    assert await client.wait_bound(5)
    yield room
    await client.stop()
    release_reactor()
