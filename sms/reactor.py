"""The parts of Twisted that sessions touch, as types, and a reactor on a running asyncio loop.

Twisted's own interfaces are zope interfaces, which type checkers do not read.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

from twisted.internet.asyncioreactor import AsyncioSelectorReactor


class Timer(Protocol):
    """A call that waits for its time (`IDelayedCall`)."""

    def active(self) -> bool:
        """Whether it is still to come."""

    def cancel(self) -> None:
        """Do not call."""


class Time(Protocol):
    """What tells time and calls later (`IReactorTime`)."""

    def callLater(  # noqa: N802  (Twisted's name)
        self,
        delay: float,
        callable: Any,  # noqa: A002  (Twisted's name)
        *args: object,
        **kw: object,
    ) -> Timer:
        """Call after `delay` seconds."""


class Connector(Protocol):
    """A TCP connection being made or held (`IConnector`)."""

    def disconnect(self) -> None:
        """Close it, or stop trying."""


class Reactor(Time, Protocol):
    """Twisted's reactor as far as sessions use it."""

    def connectTCP(  # noqa: N802  (Twisted's name)
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
    ) -> Connector:
        """Open a connection for `factory`'s protocol."""


class Wire(Protocol):
    """A connection's sending side (`ITCPTransport`)."""

    def write(self, data: bytes) -> None:
        """Send in order."""

    def loseConnection(self) -> None:  # noqa: N802  (Twisted's name)
        """Close after what was written has gone."""

    def abortConnection(self) -> None:  # noqa: N802  (Twisted's name)
        """Close at once."""


_reactors: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncioSelectorReactor] = (
    WeakKeyDictionary()
)


def reactor_of_running_loop() -> Reactor:
    """Twisted's reactor on the running asyncio (or uvloop) loop: one for each loop.

    The global `twisted.internet.reactor` is never installed, so that every test may have its own
    loop and no import decides which reactor the process gets.
    """
    loop = asyncio.get_running_loop()
    if loop not in _reactors:
        _reactors[loop] = AsyncioSelectorReactor(loop)
    return cast("Reactor", _reactors[loop])


def release_reactor() -> None:
    """Close what the running loop's reactor holds open (its waker); for the end of a process."""
    reactor = _reactors.pop(asyncio.get_running_loop(), None)
    if reactor is not None:
        for reader in tuple(reactor._internalReaders):  # noqa: SLF001  (no public way to close it)
            reactor._internalReaders.discard(reader)  # noqa: SLF001
            reader.connectionLost(None)
