"""One AGI session on a socket: an `asyncio.Protocol`, one command in flight, one kind of end.

res_agi sends headers, a blank line, then an answer for each command. At hang-up it sends
`HANGUP` and goes on answering until the socket closes; here `HANGUP` and end of file are the
same thing: `CallerGone`. A connection that sends nothing costs no task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from agi.wire import MAX_HEADERS, MAX_LINE_BYTES, Answer, BadAnswer, answer, header, is_open
from rexian.kernel.errors import RexianError

TRYING = 100
USAGE = b"520-"
DEAD_CHANNEL = 511
HEADERS_WITHIN_S = 5.0

Begin = Callable[["Session"], None]


class CallerGone(RexianError):
    """The caller hung up, or Asterisk closed the session."""

    code = "agi_caller_gone"


class CommandTimeout(RexianError):
    """Asterisk did not answer a command in time."""

    code = "agi_timeout"


class Session(asyncio.Protocol):
    """The wire to one call. `begin` is called when the headers are complete."""

    __slots__ = (
        "_begin", "_buffer", "_ended", "_headers", "_loop", "_open", "_pending", "_timer",
        "_transport", "_usage",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, begin: Begin) -> None:
        self._loop = loop
        self._begin: Begin | None = begin
        self._buffer = b""
        self._headers: dict[str, str] = {}
        self._pending: asyncio.Future[Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._ended: RexianError | None = None
        self._usage = False
        self._open = b""

    @property
    def headers(self) -> Mapping[str, str]:
        """The `agi_…` headers. Names and numbers in them are the caller's: never logged."""
        return MappingProxyType(self._headers)

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        return self._ended is not None

    async def send(self, line: bytes, timeout_s: float) -> Answer:
        """Send one command and return its answer.

        Raises `CallerGone`, `CommandTimeout` after `timeout_s` seconds, and `BadAnswer` when what
        comes back is no AGI; each of them closes the session.
        """
        if self._ended is not None:
            raise self._ended
        if self._pending is not None:
            raise RuntimeError("an AGI session carries one command at a time")
        pending: asyncio.Future[Answer] = self._loop.create_future()
        self._pending = pending
        self._timer = self._loop.call_later(timeout_s, self._late)
        cast("asyncio.Transport", self._transport).write(line)
        try:
            found = await pending
        finally:
            self._pending = None
            if self._timer is not None:
                self._timer.cancel()
        if found.code == DEAD_CHANNEL:
            self.end(CallerGone())
            raise CallerGone
        return found

    def end(self, why: RexianError | None = None) -> None:
        """Close the session; a command in flight raises `why` (default `CallerGone`)."""
        if self._ended is None:
            self._ended = why or CallerGone()
        if self._transport is not None:
            self._transport.close()
        pending = self._pending
        if pending is not None and not pending.done():
            pending.set_exception(self._ended)

    # ---- asyncio.Protocol -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asterisk (or a health check) has connected: wait for its headers, not for ever."""
        self._transport = cast("asyncio.Transport", transport)
        self._timer = self._loop.call_later(HEADERS_WITHIN_S, self._late)

    def data_received(self, data: bytes) -> None:
        """Take what came, line by line."""
        lines = (self._buffer + data).split(b"\n") if self._buffer else data.split(b"\n")
        self._buffer = lines.pop()
        for line in lines:
            if self._ended is not None:
                return
            if len(line) > MAX_LINE_BYTES:
                self.end(BadAnswer(length=len(line)))
                return
            if self._begin is not None:
                self._take_header(line.rstrip(b"\r"))
            else:
                self._take_line(line)
        if len(self._buffer) > MAX_LINE_BYTES:
            self.end(BadAnswer(length=len(self._buffer)))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reason changes nothing
        """Both ends of a call look the same from here."""
        if self._timer is not None:
            self._timer.cancel()
        self.end()
        self._transport = None

    # ---- lines ------------------------------------------------------------------------------

    def _take_header(self, line: bytes) -> None:
        if line:
            found = header(line)
            if found is not None:
                self._headers[found[0]] = found[1]
            if len(self._headers) > MAX_HEADERS:
                self.end(BadAnswer(headers=len(self._headers)))
            return
        if self._timer is not None:
            self._timer.cancel()
        begin, self._begin = self._begin, None
        if begin is not None and self._headers:
            begin(self)
        else:
            self.end(BadAnswer(headers=0))

    def _take_line(self, line: bytes) -> None:
        if self._usage:
            self._usage = not line.startswith(b"520 ")
        elif line == b"HANGUP":
            self.end(CallerGone())
            return
        elif self._open:
            line = self._open + b"\n" + line
            self._open = b""
        else:
            self._usage = line.startswith(USAGE)
        if self._usage:
            return
        if is_open(line):
            self._open = line if len(line) <= MAX_LINE_BYTES else b""
            return
        self._answer(line)

    def _answer(self, line: bytes) -> None:
        try:
            found = answer(line)
        except BadAnswer as error:
            self.end(error)
            return
        pending = self._pending
        if found.code != TRYING and pending is not None and not pending.done():
            pending.set_result(found)

    def _late(self) -> None:
        self._timer = None
        self.end(CommandTimeout())
