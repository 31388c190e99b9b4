"""The clock is injected: nothing that decides reads the wall clock itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""Times are stored in UTC and shown in this zone."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the aware time in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until told to move: for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self._at = aware(at)

    def now(self) -> datetime:
        """Return the time last set, in UTC."""
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move forward (or back, for a negative duration) and return the new time."""
        self._at += by
        return self._at

    def set(self, at: datetime) -> None:
        """Jump to `at` (aware)."""
        self._at = aware(at)


def aware(at: datetime) -> datetime:
    """Return `at` in UTC. Raises ValueError for a naive time: its zone would be a guess."""
    if at.tzinfo is None:
        raise ValueError(f"a naive time has no zone: {at.isoformat()}")
    return at.astimezone(UTC)


def local(at: datetime) -> datetime:
    """Return `at` (aware) as the people of the city read it, in Asia/Shanghai."""
    return aware(at).astimezone(SHANGHAI)
