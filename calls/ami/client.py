"""AMI over TCP: a Twisted protocol, and around it what the rest of the room awaits."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from calls.ami.wire import MAX_LINE_BYTES, MAX_LINES, Message, action, message
from rexian.kernel.errors import RexianError

ANSWER_WITHIN_S = 5.0
CONNECT_WITHIN_S = 3.0


class AmiClosed(RexianError):
    """The manager connection is not there, or Asterisk did not answer in time."""

    code = "ami_closed"
    status = 503
    default_sentence = "电话系统暂时没有响应，正在重新连接。"


class AmiRefused(RexianError):
    """Asterisk answered an action with an error."""

    code = "ami_refused"
    status = 409
    default_sentence = "电话系统没有接受这项操作。"


class AmiProtocol(LineOnlyReceiver):
    """Cuts the stream into messages and hands answers to who asked, events to `on_event`."""

    delimiter = b"\r\n"
    MAX_LENGTH = MAX_LINE_BYTES

    def __init__(self, on_event: Callable[[Message], None], on_lost: Callable[[], None]) -> None:
        self._on_event = on_event
        self._on_lost = on_lost
        self._lines: list[bytes] = []
        self._greeted = False
        self._answers: dict[str, Deferred[Message]] = {}
        self._lists: dict[str, list[Message]] = {}
        self._ids = itertools.count(1)

    @property
    def wire(self) -> Any:
        """The transport; Twisted's interfaces say too little about it for the type checker."""
        return self.transport

    def ask(
        self, name: str, fields: Iterable[tuple[str, str]], action_id: str = ""
    ) -> Deferred[Message]:
        """Send an action; fires with its response. Later events may carry `action_id`."""
        key = action_id or str(next(self._ids))
        answer: Deferred[Message] = Deferred()
        self._answers[key] = answer
        self.wire.write(action(name, key, fields))
        return answer

    def list(self, name: str, fields: Iterable[tuple[str, str]]) -> Deferred[list[Message]]:
        """Send an action that answers with a list; fires with its events when it is complete."""
        key = str(next(self._ids))
        answer: Deferred[Message] = Deferred()
        self._answers[key] = answer
        self._lists[key] = []
        self.wire.write(action(name, key, fields))
        return answer.addCallback(lambda _: self._lists.pop(key, []))

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take one line of a message."""
        if not self._greeted:
            self._greeted = line.startswith(b"Asterisk Call Manager/")
            if not self._greeted:
                self._drop()
        elif line:
            self._lines.append(line)
            if len(self._lines) > MAX_LINES:
                self._drop()
        elif self._lines:
            lines, self._lines = self._lines, []
            self._take(message(lines))

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802, ARG002 - Twisted's name
        """Give up on a line no Asterisk sends."""
        self._drop()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802, ARG002
        """Fail what waits and say so once."""
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            answer.errback(AmiClosed())
        self._on_lost()

    def _drop(self) -> None:
        self.wire.abortConnection()

    def _take(self, fields: Message) -> None:
        key = fields.get("ActionID", "")
        if "Response" in fields and "Event" not in fields:
            self._respond(key, fields)
        elif key in self._lists:
            self._lists[key].append(fields)
            if fields.get("EventList") == "Complete":
                self._lists[key].pop()
                self._fire(key, fields)
        else:
            self._on_event(fields)

    def _respond(self, key: str, fields: Message) -> None:
        if fields["Response"] != "Success":
            self._lists.pop(key, None)
            waiting = self._answers.pop(key, None)
            if waiting is not None:
                refused = AmiRefused(reason=fields.get("Message", "")[:120])
                waiting.errback(refused)
        elif key not in self._lists:
            self._fire(key, fields)

    def _fire(self, key: str, fields: Message) -> None:
        waiting = self._answers.pop(key, None)
        if waiting is not None:
            waiting.callback(fields)


class AmiClient:
    """One manager connection. `events` holds what came, in order; `lost` is set at its end."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Message] = asyncio.Queue()
        self.lost = asyncio.Event()
        self._protocol: AmiProtocol | None = None
        self._loop = asyncio.get_running_loop()
        # A reactor of this loop's own, never the global one: a test has a loop for itself.
        self._reactor = AsyncioSelectorReactor(self._loop)
        self._reactor.startRunning(installSignalHandlers=False)

    async def connect(self, port: int, user: str, secret: str, *, host: str = "127.0.0.1") -> None:
        """Connect and log in. Raises `AmiClosed` or `AmiRefused`."""
        protocol = AmiProtocol(self.events.put_nowait, self.lost.set)
        endpoint = TCP4ClientEndpoint(self._reactor, host, port, timeout=int(CONNECT_WITHIN_S))
        try:
            connecting: Deferred[AmiProtocol] = connectProtocol(endpoint, protocol)  # type: ignore[no-untyped-call]  # Twisted
            await self._awaited(connecting)
        except ConnectError as error:
            raise AmiClosed(problem=type(error).__name__) from error
        self._protocol = protocol
        await self.ask("Login", {"Username": user, "Secret": secret})

    async def ask(
        self, name: str, fields: Mapping[str, str | list[str]] | None = None, *, action_id: str = ""
    ) -> Message:
        """Send an action and return its response. Raises `AmiRefused` or `AmiClosed`."""
        found: Message = await self._awaited(self._open().ask(name, _pairs(fields), action_id))
        return found

    async def list(
        self, name: str, fields: Mapping[str, str | list[str]] | None = None
    ) -> list[Message]:
        """Send an action that lists, and return the list. Raises `AmiRefused` or `AmiClosed`."""
        found: list[Message] = await self._awaited(self._open().list(name, _pairs(fields)))
        return found

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        if self._protocol is not None and self._protocol.wire is not None:
            self._protocol.wire.abortConnection()
        self._protocol = None
        self._reactor.disconnectAll()

    def _open(self) -> AmiProtocol:
        if self._protocol is None or self.lost.is_set():
            raise AmiClosed
        return self._protocol

    async def _awaited(self, deferred: Deferred[Any]) -> Any:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await deferred.asFuture(self._loop)
        except TimeoutError as error:
            self.close()
            raise AmiClosed(problem="timeout") from error


def _pairs(fields: Mapping[str, str | list[str]] | None) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in (fields or {}).items():
        values = value if isinstance(value, list) else [value]
        pairs += [(key, one) for one in values]
    return pairs
