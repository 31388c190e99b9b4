"""The FastAGI server: accepts Asterisk's sessions and walks each caller through the menu.

It holds nothing between calls and keeps no caller: whatever fails here, the session closes and
the dialplan goes on to the classic script and to the bare queue.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from prometheus_client import Counter, Gauge

from agi import walk as walking
from agi.ports import Lookup, Menus, Situation, by_day, no_lookup
from agi.session import CallerGone, Session
from agi.wire import command
from ivr.machine import Decision, HangUp, LookupDone
from rexian.kernel import metrics
from rexian.kernel.errors import RexianError

log = structlog.get_logger()

PLAY_WITHIN_S = 90.0
SET_WITHIN_S = 5.0
KEY_SLACK_S = 5.0
LOOKUP_WITHIN_S = 2.0
BACKLOG = 512
_UNIQUEID = re.compile(r"^[A-Za-z0-9.-]{1,80}$")
_LINE = re.compile(r"^[0-9]{3,12}$")

SESSIONS = Gauge("agi_sessions", "FastAGI sessions under way", registry=metrics.registry)
DECISIONS = Counter(
    "agi_decisions", "Menus ended, by decision", ["decision"], registry=metrics.registry
)
FAILED = Counter(
    "agi_failed", "Sessions ended by a fault, by code", ["code"], registry=metrics.registry
)


@functools.cache
def _decided(name: str) -> Counter:
    return DECISIONS.labels(name)


@dataclass(slots=True)
class Door:
    """What a call needs: menus, prompts' folder, look-ups with a deadline, the situation."""

    menus: Menus
    prompts: Path
    lookup: Lookup = no_lookup
    situation: Situation = by_day
    lookup_within_s: float = LOOKUP_WITHIN_S
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    sessions: set[Session] = field(default_factory=set)

    def begin(self, session: Session) -> None:
        """Start the menu of a session whose headers have come."""
        task = asyncio.get_running_loop().create_task(self._serve(session))
        self.tasks.add(task)
        self.sessions.add(session)
        task.add_done_callback(self.tasks.discard)

    async def _serve(self, session: Session) -> None:
        call = call_of(session.headers)
        SESSIONS.inc()
        try:
            decision = await self.carry(session)
            _decided(type(decision).__name__).inc()
            log.info("menu ended", call=call, decision=type(decision).__name__)
        except CallerGone:
            _decided("CallerGone").inc()
            log.info("caller gone in the menu", call=call)
        except RexianError as error:
            FAILED.labels(error.code).inc()
            log.warning("menu given up", call=call, code=error.code)
        finally:
            SESSIONS.dec()
            self.sessions.discard(session)
            session.end()

    async def carry(self, session: Session) -> Decision:
        """Walk the caller through the menu and leave the decision in channel variables."""
        line = line_of(session.headers)
        steps = walking.walk(self.menus(), line, self.situation(line))
        ahead = _begun(steps)
        while isinstance(ahead, walking.Request):
            ahead = _advanced(steps, await self._response(session, ahead))
        decision = ahead
        if decision != HangUp("caller"):
            for name, value in walking.variables(decision).items():
                await session.send(command("SET VARIABLE", name, value), SET_WITHIN_S)
        return decision

    async def _response(
        self, session: Session, request: walking.Request
    ) -> walking.Response | CallerGone:
        try:
            return await self._do(session, request)
        except CallerGone as gone:
            return gone

    async def _do(self, session: Session, request: walking.Request) -> walking.Response:
        match request:
            case walking.StreamPrompt(prompt, interrupt):
                line = command("STREAM FILE", str(self.prompts / prompt), interrupt)
                answer = await session.send(line, PLAY_WITHIN_S)
            case walking.WaitForKey(timeout_ms):
                line = command("WAIT FOR DIGIT", timeout_ms)
                answer = await session.send(line, timeout_ms / 1000 + KEY_SLACK_S)
            case walking.LookUp(kind, arguments):
                return await self._look_up(kind, arguments)
        if answer.result < 0:
            raise CallerGone
        return answer.digit

    async def _look_up(self, kind: str, arguments: Mapping[str, str]) -> LookupDone:
        """Look up within the deadline. Whatever goes wrong is `failed`: a person answers then."""
        task = asyncio.ensure_future(self.lookup(kind, arguments))
        done, _ = await asyncio.wait({task}, timeout=self.lookup_within_s)
        if not done:
            task.cancel()
            log.warning("look-up too slow", lookup=kind)
            return LookupDone(None, failed=True)
        error = task.exception()
        if error is not None:
            log.warning("look-up failed", lookup=kind, error=type(error).__name__)
            return LookupDone(None, failed=True)
        return LookupDone(task.result())

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Listen for Asterisk on `host`:`port`."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: Session(loop, self.begin), host, port, backlog=BACKLOG, reuse_address=True
        )

    async def close(self) -> None:
        """End all sessions; Asterisk takes each caller on to the classic script."""
        for session in tuple(self.sessions):
            session.end()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=2)


def _begun(steps: walking.Walk) -> walking.Request | Decision:
    return _outcome(lambda: next(steps))


def _advanced(
    steps: walking.Walk, response: walking.Response | CallerGone
) -> walking.Request | Decision:
    if isinstance(response, CallerGone):
        return _outcome(lambda: steps.throw(response))
    return _outcome(lambda: steps.send(response))


def _outcome(move: Callable[[], walking.Request]) -> walking.Request | Decision:
    """Return the next request, or the decision when the walk has ended."""
    try:
        return move()
    except StopIteration as done:
        decision: Decision = done.value
        return decision


def call_of(headers: Mapping[str, str]) -> str:
    """Return the channel's unique id for the log, or "?" when it is not of Asterisk's making."""
    uniqueid = headers.get("agi_uniqueid", "")
    return uniqueid if _UNIQUEID.match(uniqueid) else "?"


def line_of(headers: Mapping[str, str]) -> str:
    """Return the line of `agi://host:port/<line>`, or "" when the path is no line."""
    line = headers.get("agi_network_script", "").partition("?")[0]
    return line if _LINE.match(line) else ""


async def serve(door: Door, port: int, stop: Awaitable[object]) -> None:
    """Serve on 127.0.0.1:`port` until `stop` is done."""
    server = await door.listen("127.0.0.1", port)
    try:
        await stop
    finally:
        server.close()
        await door.close()
