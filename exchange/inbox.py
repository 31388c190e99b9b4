"""Takes files of approval results out of the in-box and hands each record on, once.

The scheduler wakes the work row `exchange.inbox`; the worker runs `Inbox.handle`. Everything may
stop at any moment: a file lies in exactly one folder, its row says how far it came, a record
that went in is known by (system, reference), and a file by its SHA-256.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from approvals.service import receive
from exchange import approval_files
from exchange.approval_files import LARGEST_BYTES, Problem, Read, Record
from exchange.folders import Folders, TooLarge, content, original_name
from exchange.reasons import reason_text, sentence
from exchange.tables import files, records
from rexian.kernel import work
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import LeaseLost, RexianError, Unavailable
from rexian.kernel.events import NewEvent, Subject, append
from rexian.kernel.ids import new_id
from rexian.kernel.logs import log

KIND = "exchange.inbox"
KEY = "inbox"
AT_ONCE = 25
"""Records a transaction: far below the second after which readers of the log are held up."""
LEASE_S = 60
AGAIN_AFTER = timedelta(seconds=15)
"""A file that cannot be settled is tried again so often; those that come meanwhile wait as long."""
COPY_OF = (
    "这个文件与先前的 {name} 完全相同，先前没有全部收下，原因见它的 .reason.txt。请更正内容后重新投放。\n"
    "The same bytes came before as {name} and were not taken as a whole; see its reason.\n"
)

T = TypeVar("T")
ACTOR = Actor.system("exchange")


class Inbox:
    """The in-box of the exchange."""

    def __init__(self, db: Database, folders: Folders, clock: Clock) -> None:
        """`folders` lie under var/exchange; they are made when missing."""
        self.db = db
        self.folders = folders
        self.clock = clock

    async def handle(self, leased: work.Leased) -> None:
        """Take every waiting file; the handler of work rows of kind `exchange.inbox`."""
        self.folders.create()
        faults: list[BaseException] = []
        for left in self.folders.under_way():
            faults += await self._attempt(leased, left)
        for path in self.folders.waiting():
            taken = self.folders.take(path)
            if taken is not None:
                faults += await self._attempt(leased, taken)
        for fault in faults:
            log.error("exchange file not settled, will be tried again", exc_info=fault)
        async with self.db.begin() as tx:
            if faults:
                at = self.clock.now() + AGAIN_AFTER
                await work.retry(tx, leased, at=at, error=type(faults[0]).__name__)
            else:
                await work.finish(tx, leased)

    async def _attempt(self, leased: work.Leased, taken: Path) -> list[BaseException]:
        """Process one file; what goes wrong with it must not hold up the others."""
        task = asyncio.ensure_future(self._file(leased, taken))
        await asyncio.wait({task})
        error = task.exception()
        if isinstance(error, LeaseLost | Unavailable):
            raise error
        return [error] if error else []

    async def _file(self, leased: work.Leased, taken: Path) -> None:
        name = original_name(taken)
        try:
            found = await asyncio.to_thread(content, taken, LARGEST_BYTES)
        except TooLarge:
            large = Problem(0, "", "文件超过 10 MB", "the file is larger than 10 MB")
            found, result = b"", Read(refusal=large)
        except PermissionError:
            closed = Problem(
                0, "", "系统没有读取这个文件的权限", "the service may not read the file"
            )
            found, result = b"", Read(refusal=closed)
        else:
            result = await asyncio.to_thread(approval_files.read, name, found)
        sha256 = hashlib.sha256(found or taken.name.encode()).hexdigest()
        file_id = await self._register(taken, name, sha256)
        if file_id is None:
            await self._settle_copy(taken, sha256)
            return
        if result.refusal is None:
            await self._records(leased, file_id, result)
        state, problems = await self._close(leased, file_id, result)
        reason = reason_text(name, problems, partly=state == "partly") if problems else ""
        self._settle(taken, good=state == "taken", reason=reason)
        log.info("exchange file settled", file=file_id, state=state, problems=len(problems))

    async def _settle_copy(self, taken: Path, sha256: str) -> None:
        """A file whose bytes were settled before goes where they went, with the same reason."""
        async with self.db.begin() as tx:
            stored = (await tx.execute(select(files).where(files.c.sha256 == sha256))).one()
        good = stored.state == "taken"
        reason = "" if good else COPY_OF.format(name=stored.name)
        self._settle(taken, good=good, reason=reason)

    def _settle(self, taken: Path, *, good: bool, reason: str = "") -> None:
        self.folders.settle(taken, good=good, reason=reason)

    async def _register(self, taken: Path, name: str, sha256: str) -> str | None:
        """Return the id of the file's row, or None when these very bytes were settled before."""
        row = {
            "id": new_id(),
            "sha256": sha256,
            "name": name,
            "bytes": taken.stat().st_size,
            "taken_as": taken.name,
            "state": "processing",
            "received_at": self.clock.now(),
        }
        async with self.db.begin() as tx:
            made = await tx.execute(
                insert(files).values(row).on_conflict_do_nothing().returning(files.c.id)
            )
            if made.one_or_none() is not None:
                return str(row["id"])
            stored = (await tx.execute(select(files).where(files.c.sha256 == sha256))).one()
            if stored.state == "processing" or stored.taken_as == taken.name:
                return str(stored.id)
            await tx.execute(
                update(files).where(files.c.id == stored.id).values(copies=files.c.copies + 1)
            )
        return None

    async def _records(self, leased: work.Leased, file_id: str, result: Read) -> None:
        async with self.db.begin() as tx:
            known = select(records.c.number).where(records.c.file_id == file_id)
            seen = set(await tx.scalars(known))
        for some in _parts([one for one in result.records if one.number not in seen]):
            async with self.db.begin() as tx:
                await self._hold(tx, leased)
                rows = [await self._one(tx, file_id, record) for record in some]
                await tx.execute(insert(records).on_conflict_do_nothing(), rows)
        for bad in _parts([one for one in result.problems if one.number not in seen]):
            async with self.db.begin() as tx:
                await self._hold(tx, leased)
                rows = [_row(file_id, one, "refused", one.field, sentence(one)) for one in bad]
                await tx.execute(insert(records).on_conflict_do_nothing(), rows)

    async def _hold(self, tx: AsyncConnection, leased: work.Leased) -> None:
        """Stop when another worker has taken over; else keep the row for another minute."""
        await work.extend(tx, leased, until=self.clock.now() + timedelta(seconds=LEASE_S))

    async def _one(self, tx: AsyncConnection, file_id: str, record: Record) -> dict[str, Any]:
        point = await tx.begin_nested()
        try:
            got = await receive(tx, record.approval, ACTOR, at=self.clock.now())
        except Unavailable:
            raise
        except RexianError as error:
            await point.rollback()
            return _row(file_id, record, "refused", error.field or "", error.sentence)
        await point.commit()
        row = _row(file_id, record, "taken" if got.created else "known")
        return {**row, "approval_id": got.approval.id}

    async def _close(
        self, leased: work.Leased, file_id: str, result: Read
    ) -> tuple[str, list[Problem]]:
        """Write how the file ended, with its event; returns the state and what was wrong."""
        async with self.db.begin() as tx:
            await self._hold(tx, leased)
            counts = await _counts(tx, file_id)
            problems = await _problems(tx, file_id, result)
            state = _state(counts, result)
            closed = await tx.execute(
                update(files)
                .where(files.c.id == file_id, files.c.state == "processing")
                .values(
                    state=state,
                    problem=sentence(result.refusal) if result.refusal else "",
                    finished_at=self.clock.now(),
                    **counts,
                )
                .returning(files.c.sha256)
            )
            row = closed.one_or_none()
            if row is not None:
                event = NewEvent(
                    f"exchange.file_{state}", {"file": file_id, "sha256": row.sha256, **counts}
                )
                subject = Subject("exchange_file", file_id)
                await append(tx, subject, [event], actor=ACTOR, at=self.clock.now())
        return state, problems


def _parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(whole), AT_ONCE):
        yield whole[start : start + AT_ONCE]


def _row(
    file_id: str, one: Record | Problem, state: str, field: str = "", problem: str = ""
) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "number": one.number,
        "line": one.line,
        "state": state,
        "field": field,
        "problem": problem,
        "approval_id": None,
    }


async def _counts(tx: AsyncConnection, file_id: str) -> dict[str, int]:
    found = await tx.execute(
        select(records.c.state, func.count())
        .where(records.c.file_id == file_id)
        .group_by(records.c.state)
    )
    counts = {"taken": 0, "known": 0, "refused": 0}
    return counts | {state: int(number) for state, number in found}


async def _problems(tx: AsyncConnection, file_id: str, result: Read) -> list[Problem]:
    if result.refusal is not None:
        return [result.refusal]
    english = {problem.number: problem.english for problem in result.problems}
    found = await tx.execute(
        select(records)
        .where(records.c.file_id == file_id, records.c.state == "refused")
        .order_by(records.c.number)
    )
    return [
        Problem(
            row.line, row.field, row.problem, english.get(row.number, "not acceptable"), row.number
        )
        for row in found
    ]


def _state(counts: dict[str, int], result: Read) -> str:
    good = counts["taken"] + counts["known"]
    if result.refusal is not None or not good:
        return "rejected"
    return "partly" if counts["refused"] else "taken"
