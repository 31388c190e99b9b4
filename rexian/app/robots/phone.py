"""A robot's telephone as the robot sees it: dial, listen, press keys, hang up.

Each phone is a process of its own (`phone_process`), spoken to in JSON lines.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rexian.app.robots.audio import Samples, read_so_far
from rexian.kernel.errors import RexianError

CLOSE_S = 5.0
Event = dict[str, Any]


class PhoneFailed(RexianError):
    """A robot's telephone did not do what it was told in time."""

    code = "phone_failed"
    status = 504
    default_sentence = "机器人话机没有在规定时间内完成操作。"


@dataclass(frozen=True, slots=True)
class Line:
    """Where a phone connects: server `host:port`, the account, and who it says it is."""

    server: str
    user: str
    password: str
    number: str
    name: str = ""
    register: bool = False

    @property
    def id_uri(self) -> str:
        """The From header: display name (quoted) and number."""
        shown = self.name.replace("\\", "\\\\").replace('"', '\\"')
        prefix = f'"{shown}" ' if shown else ""
        return f"{prefix}<sip:{self.number}@{self.server}>"


class Phone:
    """One telephone. Use `phone(...)` so that its process is always ended."""

    def __init__(self, process: asyncio.subprocess.Process, line: Line) -> None:
        """Drive a running phone process; `Phone.start` makes one."""
        self._process = process
        self._line = line
        self._changed = asyncio.Condition()
        self._listener = asyncio.create_task(self._listen())
        self.events: list[Event] = []

    @classmethod
    async def start(
        cls,
        line: Line,
        folder: Path,
        *,
        say: Path | None = None,
        answer_after_ms: int | None = None,
        port: int = 0,
    ) -> Self:
        """Start the process and open the phone; registered when the line asks for it.

        `say` is played in a loop while a call is up; `answer_after_ms` answers what rings.
        Raises `PhoneFailed`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "rexian.app.robots.phone_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        phone = cls(process, line)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(phone.close)
            await phone.order(
                "open",
                folder=str(folder),
                port=port,
                id_uri=line.id_uri,
                registrar=f"sip:{line.server}" if line.register else None,
                user=line.user,
                password=line.password,
                say=str(say) if say else None,
                answer_after_ms=answer_after_ms,
            )
            await phone.expect("ready", seconds=20)
            if line.register:
                await phone.wait(
                    lambda: any(event.get("code") == 200 for event in phone.seen("registered")),  # noqa: PLR2004
                    "registered",
                    seconds=20,
                )
            stack.pop_all()
        return phone

    async def order(self, do: str, **what: Any) -> None:
        """Send a command to the phone's process."""
        stdin = self._process.stdin
        if stdin is None or self._process.returncode is not None:
            raise PhoneFailed("机器人话机的进程已经结束。", number=self._line.user)
        stdin.write(json.dumps({"do": do, **what}).encode() + b"\n")
        await stdin.drain()

    @property
    def address(self) -> str:
        """`host:port` this phone itself listens on."""
        return str(self.seen("ready")[-1]["address"])

    def seen(self, event: str, **wanted: Any) -> list[Event]:
        """Events of a kind so far."""
        return [
            one
            for one in self.events
            if one["event"] == event and all(one.get(k) == v for k, v in wanted.items())
        ]

    async def wait(self, holds: Callable[[], bool], what: str, *, seconds: float) -> None:
        """Wait until a condition on the events holds. Raises `PhoneFailed` after `seconds`."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(holds)
        except TimeoutError as error:
            last = self.events[-1] if self.events else None
            raise PhoneFailed(waiting_for=what, last=last, user=self._line.user) from error

    async def expect(self, event: str, *, seconds: float, count: int = 1, **wanted: Any) -> Event:
        """Wait for the `count`-th event of a kind and return it."""
        await self.wait(lambda: len(self.seen(event, **wanted)) >= count, event, seconds=seconds)
        return self.seen(event, **wanted)[count - 1]

    async def dial(self, number: str, *, server: str | None = None) -> None:
        """Dial; returns when the other side has answered. Raises `PhoneFailed`."""
        before = len(self.seen("call", state="CONFIRMED"))
        ended = len(self.seen("call", state="DISCONNECTED"))
        await self.order("dial", to=f"sip:{number}@{server or self._line.server}")
        await self.wait(
            lambda: (
                len(self.seen("call", state="CONFIRMED")) > before
                or len(self.seen("call", state="DISCONNECTED")) > ended
            ),
            "answer",
            seconds=30,
        )
        if len(self.seen("call", state="CONFIRMED")) <= before:
            last = self.seen("call", state="DISCONNECTED")[-1]
            raise PhoneFailed(f"呼叫 {number} 未接通：{last['code']} {last['reason']}")
        await self.expect("media", seconds=5, count=before + 1)

    async def answered(self, *, seconds: float, count: int = 1) -> Event:
        """Wait until the `count`-th call on this phone has been answered."""
        return await self.expect("call", seconds=seconds, count=count, state="CONFIRMED")

    async def press(self, keys: str) -> None:
        """Send digits by RFC 4733."""
        await self.order("digits", keys=keys)

    async def say(self, file: Path, *, loop: bool = False) -> None:
        """Speak a WAV file into the call."""
        await self.order("say", file=str(file), loop=loop)

    async def hang_up(self) -> None:
        """End the call and wait for its end."""
        if self.in_call:
            await self.order("hang_up")
            await self.hung_up(seconds=5)

    async def hung_up(self, *, seconds: float) -> None:
        """Wait for the end of the call."""
        await self.wait(lambda: not self.in_call, "hang-up", seconds=seconds)

    @property
    def in_call(self) -> bool:
        """Whether a call is up."""
        calls = self.seen("call")
        return bool(calls) and calls[-1]["state"] != "DISCONNECTED"

    def heard(self, call: int = -1) -> Samples:
        """What this phone has heard in its latest (or n-th) call so far, 8 kHz."""
        media = self.seen("media")
        return read_so_far(Path(media[call]["file"])) if media else read_so_far(None)

    def heard_file(self, call: int = -1) -> Path:
        """The recording behind `heard`."""
        return Path(self.seen("media")[call]["file"])

    def heard_since(self, call: int = -1) -> float:
        """Seconds since the epoch at which `heard` begins."""
        return float(self.seen("media")[call]["at"])

    async def close(self) -> None:
        """Hang up, leave, and make sure the process is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(PhoneFailed, ConnectionError):
                await self.order("close")
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener

    async def _listen(self) -> None:
        stdout = self._process.stdout
        while stdout is not None and (line := await stdout.readline()):
            event: Event = json.loads(line)
            async with self._changed:
                self.events.append(event)
                self._changed.notify_all()
        async with self._changed:
            self.events.append({"event": "gone", "at": round(time.time(), 3)})
            self._changed.notify_all()


@asynccontextmanager
async def phone(line: Line, folder: Path, **options: Any) -> AsyncIterator[Phone]:
    """Lend a telephone for a while."""
    one = await Phone.start(line, folder, **options)
    try:
        yield one
    finally:
        await one.close()
