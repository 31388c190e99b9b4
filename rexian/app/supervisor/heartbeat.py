"""The pipe by which one of our processes shows that its loop turns: a byte a second.

A stopped or blocked process writes nothing, and unlike a dead one nobody else would notice.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import MutableMapping
from contextlib import suppress

VARIABLE = "HOTLINE_HEARTBEAT_FD"
EVERY_SECONDS = 1.0
SILENCE_SECONDS = 8.0


class Heartbeat:
    """The supervisor's end."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._last: float | None = None

    @property
    def begun(self) -> bool:
        """True when the process has beaten at least once."""
        return self._last is not None

    def silent(self) -> bool:
        """True when the process has beaten once and then not for SILENCE_SECONDS."""
        return self._last is not None and time.monotonic() - self._last > SILENCE_SECONDS

    def offer(self, environment: MutableMapping[str, str]) -> tuple[int, ...]:
        """Name the writing end in the process's environment; the descriptors to pass on."""
        environment[VARIABLE] = str(self._writer)
        return (self._writer,)

    def listen(self) -> None:
        """Close our copy of the writing end and read what comes."""
        os.close(self._writer)
        self._writer = -1
        asyncio.get_running_loop().add_reader(self._reader, self._heard)

    def close(self) -> None:
        """Let go of the pipe."""
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)
        if self._writer >= 0:
            os.close(self._writer)

    def _heard(self) -> None:
        try:
            heard = os.read(self._reader, 4096)
        except BlockingIOError:
            return
        if heard:
            self._last = time.monotonic()
        else:
            asyncio.get_running_loop().remove_reader(self._reader)


async def beat() -> None:
    """Write a byte a second into the supervisor's pipe; returns when there is no supervisor."""
    text = os.environ.get(VARIABLE)
    if text is None:
        return
    descriptor = int(text)
    os.set_blocking(descriptor, False)
    with suppress(BrokenPipeError):
        while True:
            with suppress(BlockingIOError):
                os.write(descriptor, b".")
            await asyncio.sleep(EVERY_SECONDS)
