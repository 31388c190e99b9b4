"""Binds the telephone rooms to the rest: who hears of calls, faxes and their ends."""

from __future__ import annotations

import asyncio
import hashlib
import wave
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from calls.model import Attempt, Call
from contacts import recordings
from contacts import service as contacts
from outbound.paper_sender import FaxReports
from rexian.kernel.clock import Clock, SystemClock
from rexian.kernel.settings import Settings

WAV_HEADER_OCTETS = 44


class Listeners:
    """Contacts hear of calls, notices of faxes (`calls.ports`)."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._home = settings.home
        self._faxes = FaxReports(clock or SystemClock())

    async def call_started(self, tx: AsyncConnection, call: Call) -> None:
        """Begin the contact of the call."""
        await contacts.call_started(
            tx, call.id, line=call.line, number=call.caller, at=call.started_at
        )

    async def call_queued(self, tx: AsyncConnection, call: Call) -> None:
        """Note when the caller began to wait."""
        await contacts.call_queued(tx, call.id, at=call.queued_at or call.started_at)

    async def call_answered(self, tx: AsyncConnection, call: Call, seat: str, at: datetime) -> None:
        """Note who answered."""
        await contacts.call_answered(tx, call.id, seat=seat, at=at)

    async def call_ended(self, tx: AsyncConnection, call: Call) -> None:
        """End the contact and keep its recording, when a person answered."""
        ended = call.ended_at or call.started_at
        await contacts.call_ended(tx, call.id, outcome=call.outcome, at=ended)
        recording = self._home / "recordings" / call.recording
        if call.answered_at is None:
            await asyncio.to_thread(drop_empty, recording)
            return
        found = await asyncio.to_thread(measure, recording)
        if found is not None:
            await recordings.add(
                tx,
                call.id,
                file=call.recording,
                started_at=call.answered_at,
                milliseconds=found[0],
                size=found[1],
                sha256=found[2],
                at=ended,
            )

    async def attempt_finished(self, tx: AsyncConnection, attempt: Attempt) -> None:
        """Tell the notices how a fax went."""
        await self._faxes.attempt_finished(tx, attempt)

    def received(self, key: str) -> str:
        """Name of the page that the development fax machine received, or ""."""
        name = f"{key}.tif"
        return name if (self._home / "fax" / "received" / name).exists() else ""


def drop_empty(path: Path) -> None:
    """Remove what MixMonitor left of a call that nobody answered: a header and not one sample."""
    try:
        if path.stat().st_size <= WAV_HEADER_OCTETS:
            path.unlink()
    except FileNotFoundError:
        return


def measure(path: Path) -> tuple[int, int, str] | None:
    """Length in milliseconds, size in bytes and SHA-256 of a recording; None when there is none."""
    try:
        content = path.read_bytes()
        with wave.open(str(path), "rb") as file:
            milliseconds = file.getnframes() * 1000 // file.getframerate()
    except (FileNotFoundError, EOFError, wave.Error):
        return None
    return milliseconds, len(content), hashlib.sha256(content).hexdigest()
