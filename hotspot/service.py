"""Keeps the report: a reader of case events, and the work that computes the spots anew.

Each event of a case updates its fact and wakes the work row `hotspot.recompute`; the scheduler
wakes it too, for days turn without events. Many wakings are one computation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.facts import facts_of
from hotspot import tables
from hotspot.bursts import Thresholds
from hotspot.facts import TYPES, replayed
from hotspot.model import CaseFact, Heat, Spot
from hotspot.report import day_of, report
from rexian.kernel import work
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.deidentify import deidentify
from rexian.kernel.events import Event, NewEvent, Subject, append, history
from rexian.kernel.notify import notify
from rexian.kernel.readers import Reader

READER = "hotspot.facts"
KIND = "hotspot.recompute"
KEY = "report"
ACTOR = Actor.system("hotspot")
TEXTS_AT_ONCE = 200
LONG_S = 5.0
"""A report that takes longer leaves the machine to others before it is computed again."""
KEEP_EVERY_S = 10.0
KEEP_FOR_S = 40

T = TypeVar("T")


async def handle(tx: AsyncConnection, event: Event) -> None:
    """Tell the fact of the event's case anew from its whole history, and ask for a report.

    From the history, so that events parked and tried again out of order do no harm.
    """
    told = replayed(await history(tx, event.subject))
    if not told:
        return
    values = asdict(told[0])
    await tx.execute(
        insert(tables.cases)
        .values(values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )
    await work.wake(tx, KIND, KEY, at=event.at)


def reader(db: Database, clock: Clock) -> Reader:
    """Return the reader that keeps the facts, to run in the worker."""
    return Reader(db, READER, handle, types=TYPES, clock=clock)


class Recompute:
    """The work of kind `hotspot.recompute`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        """`clock` tells which day the report ends with."""
        self.db = db
        self.clock = clock

    async def handle(self, leased: work.Leased) -> None:
        """Compute the report from the facts and put it in the place of the last one."""
        begun = asyncio.get_running_loop().time()
        async with self.db.begin() as tx:
            await work.check(tx, leased)
            seen = await _reader_stands(tx)
            limits = await thresholds(tx)
            facts = await known_facts(tx, self.clock.now(), limits)
        now = self.clock.now()
        spots = await self._kept(leased, self._spots(facts, limits, now))
        async with self.db.begin() as tx:
            await work.check(tx, leased)
            if await _reader_stands(tx) == seen:
                await work.finish(tx, leased)
            else:
                spent = asyncio.get_running_loop().time() - begun
                pause = spent if spent > LONG_S else 0.0
                await work.postpone(tx, leased, at=now + timedelta(seconds=2 * pause))
            await _store(tx, spots, now)

    async def _kept(self, leased: work.Leased, job: Coroutine[Any, Any, T]) -> T:
        """Do the job and keep the row meanwhile, however many cases there are."""
        task = asyncio.ensure_future(job)
        try:
            while not (await asyncio.wait({task}, timeout=KEEP_EVERY_S))[0]:
                async with self.db.begin() as tx:
                    until = self.clock.now() + timedelta(seconds=KEEP_FOR_S)
                    await work.extend(tx, leased, until=until)
        finally:
            task.cancel()
        return await task

    async def _spots(
        self, facts: Sequence[CaseFact], limits: Thresholds, now: datetime
    ) -> Sequence[Spot]:
        texts = await self._texts(facts, limits)
        return await asyncio.to_thread(report, facts, texts, day_of(now), limits)

    async def _texts(self, facts: Sequence[CaseFact], limits: Thresholds) -> dict[str, str]:
        since = self.clock.now() - timedelta(days=limits.repeat_days + 1)
        recent = [fact.id for fact in facts if fact.accepted_at >= since]
        texts: dict[str, str] = {}
        for start in range(0, len(recent), TEXTS_AT_ONCE):
            async with self.db.begin() as tx:
                texts |= await scrubbed_texts(tx, recent[start : start + TEXTS_AT_ONCE])
        return texts


async def _reader_stands(tx: AsyncConnection) -> object:
    """The last event the facts were told of: when it is another, the report is computed again.

    The work row is locked by the caller, so a waking that found it leased has been committed.
    """
    found = await tx.execute(
        text("SELECT epoch, xid::text AS xid, id FROM reader_cursors WHERE name = :name"),
        {"name": READER},
    )
    cursor = found.one_or_none()
    if cursor is None:
        return None
    told = await tx.execute(
        text("""
            SELECT id FROM events WHERE type = ANY(:types)
                AND (epoch, xid, id) <= (:epoch, CAST(CAST(:xid AS text) AS xid8), :id)
            ORDER BY epoch DESC, xid DESC, id DESC LIMIT 1
        """),
        {"types": list(TYPES), "epoch": cursor.epoch, "xid": cursor.xid, "id": cursor.id},
    )
    return told.scalar_one_or_none()


async def scrubbed_texts(tx: AsyncConnection, case_ids: Sequence[str]) -> dict[str, str]:
    """Return the requests of cases without personal data; confidential cases are left out."""
    found = await facts_of(tx, list(case_ids), ACTOR)
    return {
        case.id: deidentify(case.request, case.citizen_words)
        for case in found.values()
        if not case.confidential and case.request
    }


async def thresholds(tx: AsyncConnection) -> Thresholds:
    """Return the city's thresholds; names the table holds and nobody knows are left alone."""
    own = {row.name: row.value for row in await tx.execute(select(tables.thresholds))}
    standard = Thresholds()
    kept: dict[str, Any] = {}
    for field in fields(Thresholds):
        usual = getattr(standard, field.name)
        kept[field.name] = type(usual)(own.get(field.name, usual))
    return Thresholds(**kept)


async def known_facts(tx: AsyncConnection, now: datetime, limits: Thresholds) -> list[CaseFact]:
    """Return the facts that window and baseline can touch."""
    since = now - timedelta(days=limits.window_days + limits.baseline_days + 1)
    found = await tx.execute(select(tables.cases).where(tables.cases.c.accepted_at >= since))
    return [CaseFact(*row) for row in found]


async def live(tx: AsyncConnection) -> list[Spot]:
    """Return the spots of the report as it stands, hottest first."""
    found = await tx.scalars(select(tables.spots.c.spot).order_by(tables.spots.c.position))
    return [msgspec.convert(stored, Spot) for stored in found]


async def _store(tx: AsyncConnection, spots: Sequence[Spot], now: datetime) -> None:
    found = await tx.execute(
        select(
            tables.spots.c.topic, tables.spots.c.place, tables.spots.c.state, tables.spots.c.since
        )
    )
    before = {(row.topic, row.place): (row.state, row.since) for row in found}
    await tx.execute(delete(tables.spots))
    rows = [
        {
            "topic": spot.topic,
            "place": spot.place,
            "position": position,
            "state": spot.state.value,
            "spot": msgspec.to_builtins(spot),
            "since": _since(before.get((spot.topic, spot.place)), spot, now),
            "computed_at": now,
        }
        for position, spot in enumerate(spots)
    ]
    if rows:
        await tx.execute(insert(tables.spots), rows)
    await _tell(tx, before, spots, now)


def _since(before: tuple[str, datetime] | None, spot: Spot, now: datetime) -> datetime:
    return before[1] if before and before[0] == spot.state.value else now


async def _tell(
    tx: AsyncConnection,
    before: Mapping[tuple[str, str], tuple[str, datetime]],
    spots: Sequence[Spot],
    now: datetime,
) -> None:
    """Append an event for each spot that became hot or ceased to be, and wake the desks."""
    was = {key for key, (state, _since) in before.items() if state == Heat.HOT.value}
    hot = {(spot.topic, spot.place): spot for spot in spots if spot.state is Heat.HOT}
    for key, spot in hot.items():
        if key not in was:
            payload = {
                "observed": spot.observed,
                "citizens": spot.citizens,
                "cases": list(spot.cases),
                "day": spot.day.isoformat(),
            }
            event = NewEvent("hotspot.raised", payload)
            await append(tx, _subject(key), [event], actor=ACTOR, at=now)
    for key in sorted(was - set(hot)):
        await append(tx, _subject(key), [NewEvent("hotspot.ended", {})], actor=ACTOR, at=now)
    await notify(tx, "desk", '{"what": "hotspots"}')


def _subject(key: tuple[str, str]) -> Subject:
    return Subject("hotspot", f"{key[0]}@{key[1]}")
