"""A robot at a seat: a telephone that answers, and the desk worked over HTTP while it talks."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr import sound
from rexian.app.robots import audio
from rexian.app.robots.citizen import MOST, WELL, NotHeard, seat_line, until_holds
from rexian.app.robots.desk import DeskClient, NotSeen, seen
from rexian.app.robots.phone import Phone, PhoneFailed, phone
from rexian.app.robots.speech import spoken
from rexian.kernel.settings import Settings

READY_S = 30.0
TIMES = 3
"""How often a sentence is said before it counts as not heard."""


@dataclass(frozen=True, slots=True)
class ScreenPop:
    """What the desk showed of a call, and how long after the answer (milliseconds)."""

    call: dict[str, Any]
    after_ms: float


class Seat:
    """A seat's telephone and its desk."""

    def __init__(self, one: Phone, desk: DeskClient) -> None:
        """Work with an open phone and a signed-in agent."""
        self.phone = one
        self.desk = desk

    async def ready(self) -> None:
        """Go ready and wait until the desk shows it. Raises `NotSeen`."""
        await self.desk.post("/desk/seat/ready")

        async def is_ready() -> bool:
            return bool((await self.desk.get("/desk/call.json"))["state"] == "ready")

        await seen(is_ready, "坐席就绪", seconds=READY_S)

    async def leave(self) -> None:
        """Sign the seat out of the queues."""
        await self.desk.post("/desk/seat/sign_out")

    async def say(self, text: str) -> None:
        """Say a sentence into the call."""
        await self.phone.say(spoken("seat", text))

    async def ask(self, question: str, answer: str, *, seconds: float) -> audio.Match:
        """Say a sentence until the citizen has answered it; like a person, ask again.

        Raises `NotHeard` after `TIMES` questions of `seconds` each.
        """
        wanted, _ = sound.from_wav(spoken("citizen", answer))
        length = len(wanted)
        found = audio.NOTHING

        def heard() -> bool:
            nonlocal found
            sound_so_far = self.phone.heard()
            if len(sound_so_far) >= MOST * length:
                found = audio.match(wanted, sound_so_far)
            return found.correlation >= WELL and found.share >= MOST

        for _ in range(TIMES):
            await self.say(question)
            if await until_holds(heard, seconds):
                return found
        raise NotHeard(f"坐席没有听到市民说：{answer}（相关 {found.correlation:.2f}）。")

    async def part(self, words: str, *, seconds: float) -> None:
        """Say good-bye until the citizen hangs up. Raises `PhoneFailed` when nobody does."""
        for left in reversed(range(TIMES)):
            await self.say(words)
            try:
                await self.phone.hung_up(seconds=seconds)
            except PhoneFailed:
                if not left:
                    raise
            else:
                return

    async def pop(self, count: int) -> ScreenPop:
        """Wait for the `count`-th call at this seat, from the desk's live events as a browser does.

        The time is measured from the telephone's own answer to the desk's answer with the
        caller in it. Raises `NotSeen`.
        """
        popped = asyncio.create_task(self._watch())
        try:
            answered = await self.phone.answered(seconds=90, count=count)
            async with asyncio.timeout(10):
                shown_at, call = await popped
        except TimeoutError as error:
            raise NotSeen("接听后 10 秒内坐席没有弹屏。") from error
        finally:
            popped.cancel()
        return ScreenPop(call, max(0.0, (shown_at - float(answered["at"])) * 1000))

    async def _watch(self) -> tuple[float, dict[str, Any]]:
        known = (await self.desk.get("/desk/call.json"))["call"]
        before = known["id"] if known else ""
        async for _moment in self.desk.live("call"):
            call = (await self.desk.get("/desk/call.json"))["call"]
            if call and call["id"] != before and call["answered_at"] and not call["ended_at"]:
                return time.time(), call
        raise NotSeen("坐席的实时更新中断。")


@asynccontextmanager
async def seat(
    settings: Settings, number: str, desk: DeskClient, folder: Path, *, answer_after_ms: int
) -> AsyncIterator[Seat]:
    """A seat with its telephone registered; signed out of the queues at the end."""
    line = seat_line(settings, f"seat-{number}")
    async with phone(line, folder, answer_after_ms=answer_after_ms) as one:
        here = Seat(one, desk)
        try:
            yield here
        finally:
            await here.leave()
