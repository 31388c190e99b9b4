"""Faxes and letters: both are a page set by typst; one is dialled, one is printed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from calls.model import Attempt
from outbound import progress
from outbound.fax_page import Page, fax_tiff, pdf
from outbound.model import Channel, State
from outbound.ports import FaxLine
from outbound.quiet import QuietHours
from outbound.store import work_key, work_kind
from rexian.kernel import phone, work
from rexian.kernel.clock import Clock, local
from rexian.kernel.db import Database
from rexian.kernel.work import Leased

log = structlog.get_logger()

SENDER = "贵阳市 12345 政务服务便民热线"
#: What the other end never answered may be dialled again by itself, so often and so far apart.
MAX_CALLS = 3
REDIAL_AFTER = timedelta(minutes=5)
NEVER_ANSWERED = frozenset({"BUSY", "NO_ANSWER", "NO_ROUTE", "CONGESTION", "FAILED"})


def page_of(message: Row[Any], at: datetime) -> Page:
    """The page of a message: its body's lines are the paragraphs."""
    return Page(
        title=message.title,
        lines=tuple(message.body.split("\n")),
        sender=SENDER,
        date=local(at).strftime("%Y 年 %m 月 %d 日"),
        footer="由 12345 系统发出，请勿直接回复本传真",
    )


async def claim(
    tx: AsyncConnection, leased: Leased, now: datetime, quiet: QuietHours | None = None
) -> Row[Any] | None:
    """The message when it is to be sent now, locked; else the work row is settled and None.

    With `quiet`, a call placed again may not ring in quiet hours either.
    """
    await work.check(tx, leased)
    message = await progress.lock(tx, leased.payload["message"])
    if message is None:
        await work.fail(tx, leased, "no such message")
        return None
    if message.state != State.WAITING.value:
        await work.finish(tx, leased)
        return None
    until = message.send_after
    if quiet is not None and until <= now:
        until = quiet.earliest(now, Channel(message.channel), urgent=message.urgent)
    if until > now:
        await progress.hold(tx, message, leased, until)
        return None
    return message


@dataclass(frozen=True, slots=True)
class FaxSender:
    """The handler of work rows `outbound.fax`: sets the page and asks `calls` to dial."""

    db: Database
    clock: Clock
    fonts: Path
    folder: Path
    line: FaxLine
    quiet: QuietHours

    async def __call__(self, leased: Leased) -> None:
        """`sending` and the wish to dial are one transaction: it is dialled once or not at all."""
        async with self.db.begin() as tx:
            message = await claim(tx, leased, self.clock.now(), self.quiet)
        if message is None:
            return
        file, pages = await asyncio.to_thread(self._draw, message)
        async with self.db.begin() as tx:
            message = await claim(tx, leased, self.clock.now(), self.quiet)
            if message is None:
                return
            key = work_key(message.id, message.round)
            number = phone.parse(message.recipient).dialled()
            await self.line(tx, key=key, number=number, file=file)
            proof = {"page": file.name, "sheets": pages, "key": key}
            await progress.move(tx, message, State.SENDING, at=self.clock.now(), proof=proof)
            await work.finish(tx, leased)

    def _draw(self, message: Row[Any]) -> tuple[Path, int]:
        octets, pages = fax_tiff(pdf(page_of(message, self.clock.now()), self.fonts))
        file = self.folder / f"{message.id}.tif"
        file.write_bytes(octets)
        return file, pages


@dataclass(frozen=True, slots=True)
class FaxReports:
    """Hears how a fax call ended; fits `calls.ports.AttemptListener`."""

    clock: Clock

    async def attempt_finished(self, tx: AsyncConnection, attempt: Attempt) -> None:
        """Write the proof. FAXSTATUS judges; FAXERROR=HANGUP is normal after success.

        Told twice it changes nothing. A call nobody answered is placed again, up to three times.
        """
        message_id = attempt.key.partition(":")[0]
        message = await progress.lock(tx, message_id)
        if message is None or message.channel != Channel.FAX.value:
            return
        if message.state != State.SENDING.value or message.proof.get("key") != attempt.key:
            return
        proof = {
            **message.proof,
            **{f"fax_{name}": value for name, value in attempt.proof.items()},
            "fax_code": attempt.code,
            "seconds": _seconds(attempt),
            "received": attempt.proof.get("received", ""),
        }
        calls = int(message.proof.get("calls", 0)) + 1
        proof["calls"] = calls
        now = self.clock.now()
        if attempt.state == "done":
            await progress.move(tx, message, State.DELIVERED, at=now, proof=proof)
        elif attempt.state == "uncertain":
            error = attempt.code or "uncertain"
            await progress.move(tx, message, State.UNCERTAIN, at=now, error=error, proof=proof)
        elif attempt.code in NEVER_ANSWERED and not attempt.proof and calls < MAX_CALLS:
            await self._again(tx, message, proof, attempt.code)
        else:
            await progress.move(tx, message, State.FAILED, at=now, error=attempt.code, proof=proof)

    async def _again(
        self, tx: AsyncConnection, message: Row[Any], proof: dict[str, Any], code: str
    ) -> None:
        now = self.clock.now()
        await progress.move(tx, message, State.WAITING, at=now, error=code, proof=proof)
        await progress.next_round(tx, message)
        await work.enqueue(
            tx,
            work_kind(Channel.FAX),
            work_key(message.id, message.round + 1),
            {"message": message.id},
            run_at=now + REDIAL_AFTER,
        )


def _seconds(attempt: Attempt) -> int:
    if attempt.placed_at is None or attempt.finished_at is None:
        return 0
    return round((attempt.finished_at - attempt.placed_at).total_seconds())


@dataclass(frozen=True, slots=True)
class LetterPrinter:
    """The handler of work rows `outbound.letter`: a PDF in a folder that the post room empties."""

    db: Database
    clock: Clock
    fonts: Path
    folder: Path

    async def __call__(self, leased: Leased) -> None:
        """Write the file (again, when a worker died before saying so: it is the same file)."""
        async with self.db.begin() as tx:
            message = await claim(tx, leased, self.clock.now())
        if message is None:
            return
        file = self.folder / f"{message.id}.pdf"
        octets = await asyncio.to_thread(pdf, page_of(message, self.clock.now()), self.fonts)
        await asyncio.to_thread(file.write_bytes, octets)
        async with self.db.begin() as tx:
            message = await claim(tx, leased, self.clock.now())
            if message is None:
                return
            proof = {"file": file.name}
            await progress.move(tx, message, State.SENT, at=self.clock.now(), proof=proof)
            await work.finish(tx, leased)
