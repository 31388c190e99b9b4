"""People on the running system: a seat that answers, callers, and a stream of accepted cases."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import numpy as np
from sqlalchemy import text

from cases.service import CaseService, NewCase
from contacts.service import call_answered, call_started
from directory.loader import user_id
from rexian.app.robots import audio
from rexian.app.robots.citizen import seat_line, trunk_line
from rexian.app.robots.desk import DeskClient, desk
from rexian.app.robots.phone import Phone, phone
from rexian.app.robots.scenario import Caller
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import SystemClock
from rexian.kernel.db import Database
from rexian.kernel.errors import Unavailable
from tests.support.phones import tone_file
from tests.support.system import System
from tests.support.wait import until

T = TypeVar("T")
SEAT_HERTZ, CITIZEN_HERTZ = 440.0, 1000.0
CLEAR = 0.8
BLOCK = 800
"""100 ms."""


async def eventually(look: Callable[[], Awaitable[T]], seconds: float, what: str) -> T:
    """Look until something true is seen; fails after `seconds`."""
    found: T = await until(look, seconds, what, every_s=0.1)
    return found


# ---- a person at a seat -------------------------------------------------------------------------


@dataclass
class Seat:
    """A robot at a seat: its telephone, and its desk over HTTP."""

    number: str
    phone: Phone
    desk: DeskClient

    async def state(self) -> str:
        return str((await self.desk.get("/desk/call.json"))["state"])

    async def call(self) -> dict[str, Any] | None:
        """The call on the desk's screen."""
        found: dict[str, Any] | None = (await self.desk.get("/desk/call.json"))["call"]
        return found

    async def be_ready(self, seconds: float = 20) -> None:
        await self.desk.post("/desk/seat/ready")

        async def ready() -> bool:
            return await self.state() == "ready"

        await eventually(ready, seconds, f"seat {self.number} is ready")

    @property
    def answered(self) -> int:
        """Calls answered so far."""
        return len(self.phone.seen("call", state="CONFIRMED"))


@asynccontextmanager
async def seat(
    system: System, folder: Path, number: str = "1012", *, answers_after_ms: int | None = 300
) -> AsyncIterator[Seat]:
    """Somebody signed in and ready at a seat, who speaks a tone."""
    settings = system.settings
    tone = tone_file(folder, SEAT_HERTZ)
    line = seat_line(settings, f"seat-{number}")
    async with (
        desk(settings, f"agent{number}", DEVELOPMENT_PASSWORD) as person,
        phone(line, folder / f"seat-{number}", say=tone, answer_after_ms=answers_after_ms) as one,
    ):
        here = Seat(number, one, person)
        await person.post("/desk/seat/sign_in")
        await here.be_ready()
        yield here
        with suppress(httpx.TransportError):
            await person.post("/desk/seat/sign_out")


# ---- callers ------------------------------------------------------------------------------------


@asynccontextmanager
async def citizen(
    system: System, folder: Path, number: str, name: str = ""
) -> AsyncIterator[Phone]:
    """A citizen's telephone that speaks a tone."""
    line = trunk_line(system.settings, Caller(number=number, name=name))
    tone = tone_file(folder, CITIZEN_HERTZ)
    async with phone(line, folder / f"citizen-{number}", say=tone) as one:
        yield one


async def talk(one: Phone, here: Seat, seconds: float = 2.0) -> None:
    """Both must hear each other for `seconds`, without a hole longer than 0.3 s."""
    since = len(one.heard()), len(here.phone.heard())
    length = int(seconds * audio.RATE)

    async def enough() -> bool:
        return (
            len(one.heard()) - since[0] > length + audio.RATE
            and len(here.phone.heard()) - since[1] > length + audio.RATE
        )

    await eventually(enough, seconds + 8, "both phones receive sound")
    assert longest_hole(one.heard()[-length:], SEAT_HERTZ) <= 0.3
    assert longest_hole(here.phone.heard()[-length:], CITIZEN_HERTZ) <= 0.3


def longest_hole(heard: audio.Samples, hertz: float) -> float:
    """Seconds of the longest stretch without the tone."""
    longest = run = 0
    for at in range(0, len(heard) - BLOCK + 1, BLOCK):
        block = heard[at : at + BLOCK]
        there = np.abs(block).max() > 0.01 and audio.tone(np.tile(block, 2), hertz) > CLEAR
        run = 0 if there else run + 1
        longest = max(longest, run)
    return longest * BLOCK / audio.RATE


async def reach(
    system: System, here: Seat, folder: Path, number: str, *, keys: str = "0", seconds: float = 30
) -> str:
    """A new caller reaches the seat, both hear each other, both sides end; returns the call's id."""
    before = here.answered
    async with citizen(system, folder, number) as one:
        await one.dial("12345")
        if keys:
            await one.press(keys)
        await here.phone.answered(seconds=seconds, count=before + 1)
        await talk(one, here)

        async def shown() -> str:
            call = await here.call()
            return str(call["id"]) if call and call["number"].endswith(number[-4:]) else ""

        call = await eventually(shown, 5, "the desk shows the call")
        await one.hang_up()
        await here.phone.hung_up(seconds=5)
    return call


# ---- cases and their messages ---------------------------------------------------------------------


def agent(number: str = "1012") -> Actor:
    """The seeded agent of a seat."""
    return Actor("user", user_id(f"agent{number}"), Role.AGENT, "", None, number)


@dataclass
class Stream:
    """Cases accepted one after the other while something is being broken."""

    db: Database
    first: int
    accepted: dict[str, str] = field(default_factory=dict)
    """Case number by the caller's number; only what was confirmed to us."""

    async def one(self) -> None:
        """Accept one more; tried again with the same form until it is confirmed."""
        place = self.first + len(self.accepted)
        phone_number = f"139{place:08d}"
        token = uuid.uuid4().hex
        while True:
            with suppress(Unavailable):
                self.accepted[phone_number] = await self._accept(phone_number, token)
                return
            await asyncio.sleep(0.2)

    async def _accept(self, phone_number: str, token: str) -> str:
        cases = CaseService(self.db, SystemClock())
        contact = str(uuid.uuid5(uuid.NAMESPACE_URL, token))
        async with self.db.begin() as tx:
            at = datetime.now(UTC)
            await call_started(tx, contact, line="12345", number=phone_number, at=at)
            await call_answered(tx, contact, seat="1012", at=at)
        async with self.db.begin() as tx:
            new = NewCase("help", "010101", "自来水浑浊。", token, contact_id=contact)
            return (await cases.accept(tx, new, agent())).number

    async def run(self, stop: asyncio.Event, pause_s: float = 0.1) -> None:
        while not stop.is_set():
            await self.one()
            await asyncio.sleep(pause_s)


@asynccontextmanager
async def accepting(db: Database, first: int) -> AsyncIterator[Stream]:
    """Accept cases all the while, some before and some after what happens inside."""
    stream, stop = Stream(db, first), asyncio.Event()
    running = asyncio.create_task(stream.run(stop))

    async def more(than: int) -> bool:
        assert not running.done(), running.exception()
        return len(stream.accepted) > than

    await eventually(lambda: more(10), 20, "cases are accepted")
    yield stream
    now = len(stream.accepted)
    await eventually(lambda: more(now + 10), 20, "cases are accepted again")
    stop.set()
    await running


async def sms_of(db: Database, stream: Stream) -> list[Any]:
    """Rows of the notices to the callers of a stream."""
    async with db.begin() as tx:
        found = await tx.execute(
            text("SELECT recipient, state, error, body FROM messages WHERE recipient = ANY(:to)"),
            {"to": [f"+86{number}" for number in stream.accepted]},
        )
        return list(found.all())


async def nothing_lost(system: System, db: Database, stream: Stream, seconds: float = 75) -> int:
    """Every accepted case is there with its one notice; none was sent twice.

    Returns how many are `uncertain`: under way when their worker died, for a person to decide.
    """
    async with db.begin() as tx:
        found = await tx.execute(
            text("SELECT number FROM cases WHERE number = ANY(:numbers)"),
            {"numbers": list(stream.accepted.values())},
        )
        assert set(found.scalars()) == set(stream.accepted.values())

    async def settled() -> list[Any]:
        rows = await sms_of(db, stream)
        done = all(row.state in {"delivered", "uncertain"} for row in rows)
        return rows if done and len(rows) == len(stream.accepted) else []

    rows = await eventually(settled, seconds, "every notice is delivered or uncertain")
    async with httpx.AsyncClient(base_url=system.carrier, trust_env=False) as http:
        shown = (await http.get("/messages")).json()["messages"]
    uncertain = 0
    for row in rows:
        got = [one for one in shown if one["to"].endswith(row.recipient[-11:])]
        number = stream.accepted[row.recipient[-11:]]
        assert sum(number in one["text"] for one in got) == len(got)
        assert len(got) <= 1, f"sent twice: {row.state}"
        if row.state == "uncertain":
            uncertain += 1
        else:
            assert len(got) == 1, f"lost: {row.state}"
    return uncertain
