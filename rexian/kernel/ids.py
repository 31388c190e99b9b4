"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562 §5.7)."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import UTC, datetime

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_FRACTION_STEPS = 4096
"""12 bits of `rand_a` hold the fraction of the millisecond (RFC 9562 §6.2, method 3)."""

_lock = threading.Lock()
_last_tick = 0


def _next_tick() -> int:
    """Return 1/4096 milliseconds since 1970, larger than any returned before here."""
    global _last_tick  # noqa: PLW0603 - the one counter of this process
    nanoseconds = time.time_ns()
    tick = nanoseconds * _FRACTION_STEPS // _NANOSECONDS_PER_MILLISECOND
    with _lock:
        _last_tick = max(tick, _last_tick + 1)
        return _last_tick


def new_uuid() -> uuid.UUID:
    """Return a new UUID version 7, larger than every one made before in this process."""
    milliseconds, fraction = divmod(_next_tick(), _FRACTION_STEPS)
    tail = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | fraction << 64 | 0b10 << 62 | tail
    return uuid.UUID(int=value)


def new_id() -> str:
    """Return a new identifier as text, ordered by time."""
    return str(new_uuid())


def made_at(identifier: str) -> datetime:
    """Return when `identifier` was made (UTC). Raises ValueError when it is no UUID version 7."""
    value = uuid.UUID(identifier)
    if value.version != 7:  # noqa: PLR2004 - the version's name
        raise ValueError(f"not a UUID version 7: {identifier}")
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)
