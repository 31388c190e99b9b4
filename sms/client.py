"""One SMPP account kept bound: connects, reconnects with back-off, submits, slows down.

The asyncio face of `sms.session`. A submit is never repeated here: the caller, who keeps the
message in a database, decides, and is told exactly whether octets may have left.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure
from typing_extensions import override

from rexian.kernel.errors import RexianError
from sms.account import Account, Counters, NotSent, Refused, Throttled, Unanswered
from sms.codec.smpp_message import DeliverSm, SubmitSm
from sms.reactor import Connector, Reactor, reactor_of_running_loop
from sms.session import Answered, SmppSession, State

log = structlog.get_logger()

#: Stores one delivered PDU and gives the command_status to answer.
OnDeliver = Callable[[DeliverSm], Awaitable[int]]
#: Submits whose answer has not come so long after `hold` are given up with the session. Shorter
#: than the supervisor's patience with a process that stops (10 s).
HOLD_S = 7.0


class Follower(Protocol):
    """Wants to know which of its answers the carrier can have received."""

    def answered(self, pdu: DeliverSm, command_status: int) -> None:
        """The answer to `pdu` was written to the connection it came by."""

    def disconnected(self) -> None:
        """The connection ended: answers written last may be lost."""


class SmppClient:
    """Start it once; `submit` whenever; `stop` unbinds."""

    def __init__(
        self, account: Account, on_deliver: OnDeliver, follower: Follower | None = None
    ) -> None:
        """`on_deliver` is called for receipts and for messages from phones."""
        self._follower = follower
        self._holding = False
        self._queued = 0
        self.account = account
        self.counters = Counters()
        self._on_deliver = on_deliver
        self._session: SmppSession | None = None
        self._connector: Connector | None = None
        self._runner: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._stopping = asyncio.Event()
        self._slow_until = 0.0
        self._slow_step_s = 0.0
        self._room = asyncio.Semaphore(account.window)

    @property
    def bound(self) -> bool:
        """Whether a session is bound now and takes submits."""
        session = self._session
        return session is not None and session.state is State.BOUND and not self._holding

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        self._runner = asyncio.create_task(self._keep_bound(), name="smpp")
        self._runner.add_done_callback(_say_why)

    async def wait_bound(self, timeout_s: float) -> bool:
        """Wait until bound; False when it takes longer."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.bound)
        except TimeoutError:
            return False
        return True

    def hold(self) -> None:
        """Submit nothing more: who waits is told `NotSent` at once, what has left may be answered.

        Call it when the process is told to stop, before `stop`.
        """
        if self._holding:
            return
        self._holding = True
        for _ in range(self._queued):
            self._room.release()
        asyncio.get_running_loop().call_later(HOLD_S, self._cut)

    def _cut(self) -> None:
        self._stopping.set()
        if self._session is not None:
            self._session.unbind()

    async def stop(self) -> None:
        """Unbind and end."""
        self._stopping.set()
        if self._session is not None:
            await self._session.unbind().asFuture(asyncio.get_running_loop())
        elif self._connector is not None:
            self._connector.disconnect()
        if self._runner is not None:
            await self._runner
            self._runner = None

    async def submit(self, pdu: SubmitSm) -> str:
        """Send one message and wait for the carrier's message_id.

        Raises `NotSent` (no octet left), `Throttled` (refused for now), `Refused` (for good) or
        `Unanswered` (octets left, no answer).
        """
        loop = asyncio.get_running_loop()
        async with self._window():
            wait = self._slow_until - loop.time()
            if wait > 0:
                raise Throttled(wait, "ESME_RTHROTTLED")
            session = self._session
            if session is None or session.state is not State.BOUND:
                raise NotSent(problem="not bound")
            # Shielded: a cancelled waiter must not make a message that left look unsent.
            answer = asyncio.shield(session.submit(pdu).asFuture(loop))
            try:
                message_id = await answer
            except Throttled as error:
                raise Throttled(self._slow_down(), error.details["command_status"]) from None
            except Unanswered:
                self.counters.unanswered += 1
                raise
        self._slow_step_s = 0.0
        return message_id

    @asynccontextmanager
    async def _window(self) -> AsyncIterator[None]:
        """A place among the unanswered submits. Raises `NotSent` when none comes free in time.

        Whoever submits holds a lease that ends: a message may not leave long after it was begun.
        """
        self._queued += 1
        try:
            async with asyncio.timeout(self.account.response_timeout_s):
                await self._room.acquire()
        except TimeoutError:
            raise NotSent(problem="window full") from None
        finally:
            self._queued -= 1
        try:
            if self._holding:
                raise NotSent(problem="stopping")
            yield
        finally:
            self._room.release()

    def _slow_down(self) -> float:
        account = self.account
        doubled = max(account.throttle_first_s, self._slow_step_s * 2)
        self._slow_step_s = min(doubled, account.throttle_longest_s)
        until = asyncio.get_running_loop().time() + self._slow_step_s
        self._slow_until = max(self._slow_until, until)
        return self._slow_step_s

    # --- the connection ----------------------------------------------------------------------

    async def _keep_bound(self) -> None:
        reactor = reactor_of_running_loop()
        delay = self.account.reconnect_first_s
        while not self._stopping.is_set():
            if await self._one_session(reactor):
                delay = self.account.reconnect_first_s
            if self._stopping.is_set():
                return
            pause = delay * random.uniform(0.8, 1.2)  # noqa: S311  (spreads reconnects)
            delay = min(delay * 2, self.account.reconnect_longest_s)
            try:
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _one_session(self, reactor: Reactor) -> bool:
        """Connect, bind, stay until closed. True when it was bound."""
        loop = asyncio.get_running_loop()
        factory = _Factory(self._new_session(reactor))
        self._connector = reactor.connectTCP(
            self.account.host, self.account.port, factory, timeout=self.account.connect_timeout_s
        )
        session = factory.session
        try:
            await factory.connected.asFuture(loop)
            self._session = session
            await session.bound.asFuture(loop)
        except (OSError, Unanswered, Refused, NotSent) as error:
            log.warning("smpp not bound", error=_what(error))
            await self._gone(session, connected=self._session is session)
            return False
        await self._tell()
        log.info("smpp bound", system_id=self.account.system_id)
        await self._gone(session, connected=True)
        return True

    async def _gone(self, session: SmppSession, *, connected: bool) -> None:
        if connected:
            await session.closed.asFuture(asyncio.get_running_loop())
            self.counters.disconnects += 1
            if self._follower is not None:
                self._follower.disconnected()
        self._session = None
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _new_session(self, reactor: Reactor) -> SmppSession:
        told: tuple[Answered, ...] = (self._follower.answered,) if self._follower else ()
        return SmppSession(self.account, self._deliver, reactor, self.counters, *told)

    def _deliver(self, pdu: DeliverSm) -> Deferred[int]:
        return Deferred.fromFuture(asyncio.ensure_future(self._on_deliver(pdu)))


class _Factory(ClientFactory):
    """Makes the one session of one connection; `connected` tells how connecting went."""

    noisy = False

    def __init__(self, session: SmppSession) -> None:
        self.session = session
        self.connected: Deferred[None] = Deferred()

    @override
    def buildProtocol(self, addr: object) -> SmppSession:
        self.connected.callback(None)
        return self.session

    @override
    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        self.connected.errback(OSError(str(reason.value)))


def _say_why(runner: asyncio.Task[None]) -> None:
    """A runner ends when it is told to; one that fell leaves no SMS going out, and says so."""
    error = None if runner.cancelled() else runner.exception()
    if error is not None:
        log.critical("smpp client fell: no sms goes out until a restart", exc_info=error)


def _what(error: Exception) -> str:
    if isinstance(error, RexianError):
        return f"{error.code} {error.details}"
    return type(error).__name__
