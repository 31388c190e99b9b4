"""What the mirror tells other rooms; bound in `rexian.app.wiring`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from calls.model import Attempt, Call


class CallListener(Protocol):
    """Hears of calls, in the transaction that changes the mirror. May hear a thing twice."""

    async def call_started(self, tx: AsyncConnection, call: Call) -> None:
        """Hear that a caller reached a line."""
        ...

    async def call_queued(self, tx: AsyncConnection, call: Call) -> None:
        """Hear that the caller waits for a person."""
        ...

    async def call_answered(self, tx: AsyncConnection, call: Call, seat: str, at: datetime) -> None:
        """Hear that the person at `seat` answered."""
        ...

    async def call_ended(self, tx: AsyncConnection, call: Call) -> None:
        """Hear that the call is over; `call.outcome` says how."""
        ...


class AttemptListener(Protocol):
    """Hears how an outgoing call of a notice went."""

    async def attempt_finished(self, tx: AsyncConnection, attempt: Attempt) -> None:
        """Hear of the end: done, failed, or uncertain."""
        ...


class NobodyListens:
    """Stands in where no other room is bound."""

    async def call_started(self, tx: AsyncConnection, call: Call) -> None:
        """Do nothing."""

    async def call_queued(self, tx: AsyncConnection, call: Call) -> None:
        """Do nothing."""

    async def call_answered(self, tx: AsyncConnection, call: Call, seat: str, at: datetime) -> None:
        """Do nothing."""

    async def call_ended(self, tx: AsyncConnection, call: Call) -> None:
        """Do nothing."""

    async def attempt_finished(self, tx: AsyncConnection, attempt: Attempt) -> None:
        """Do nothing."""
