"""Reading the report, with the names of topics and places. Raises `Forbidden`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cases import categories
from directory.queries import places
from hotspot import tables
from hotspot.model import HEAT_NAMES, CaseFact, Heat, Spot
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound

PAGE = 50
NEWEST = 3
NO_PLACE = "地点未填"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report as it is shown. `since`: in its state from then on."""

    spot: Spot
    topic_name: str
    topic_path: str
    place_name: str
    since: datetime
    computed_at: datetime
    numbers: tuple[tuple[str, str], ...] = ()
    """Id and number of the newest cases, for links."""

    @property
    def state_name(self) -> str:
        """The state in Chinese."""
        return HEAT_NAMES[self.spot.state]

    @property
    def usual(self) -> float:
        """Cases expected in the window, as shown: one decimal."""
        return round(self.spot.expected, 1)

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"/hotspots/{self.spot.topic}/{self.spot.place or '-'}"


@dataclass(frozen=True, slots=True)
class Names:
    """Chinese names of topics and places."""

    topics: dict[str, tuple[str, str]]
    places: dict[str, str]

    def place(self, code: str) -> str:
        """`南明区 花果园街道` of a code."""
        if not code:
            return NO_PLACE
        district = self.places.get(code[:6], "")
        own = self.places.get(code, code)
        return own if own == district or not district else f"{district} {own}"


async def lines(
    tx: AsyncConnection,
    actor: Actor,
    *,
    page: int = 1,
    states: Sequence[Heat] = tuple(Heat),
    place: str = "",
) -> tuple[list[Line], int]:
    """Lines of one page (from 1), hottest first, and how many there are.

    `place` narrows to a district or township by its code.
    """
    require(actor, Permission.READ_HOTSPOTS)
    spots = tables.spots
    wanted = spots.c.state.in_([state.value for state in states]) & spots.c.place.startswith(
        place, autoescape=True
    )
    total = (await tx.execute(select(func.count()).select_from(spots).where(wanted))).scalar_one()
    found = await tx.execute(
        select(spots.c.spot, spots.c.since, spots.c.computed_at)
        .where(wanted)
        .order_by(spots.c.position)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    names = await _names(tx)
    told = [_line(row.spot, row.since, row.computed_at, names) for row in found]
    return await _numbered(tx, told), int(total)


async def line(tx: AsyncConnection, topic: str, place: str, actor: Actor) -> Line:
    """One line. Raises `NotFound` when the topic has no case there in the window."""
    require(actor, Permission.READ_HOTSPOTS)
    spots = tables.spots
    found = await tx.execute(
        select(spots.c.spot, spots.c.since, spots.c.computed_at).where(
            spots.c.topic == topic, spots.c.place == place
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("这里近 7 天没有这类诉求。")
    return _line(row.spot, row.since, row.computed_at, await _names(tx))


async def counts(tx: AsyncConnection, actor: Actor) -> dict[Heat, int]:
    """How many lines stand in each state."""
    require(actor, Permission.READ_HOTSPOTS)
    spots = tables.spots
    found = await tx.execute(select(spots.c.state, func.count()).group_by(spots.c.state))
    known = {Heat(state): int(number) for state, number in found}
    return {state: known.get(state, 0) for state in Heat}


async def facts_of(tx: AsyncConnection, line_: Line, actor: Actor) -> list[CaseFact]:
    """The cases behind a line's figures, and those of its matters, newest first."""
    require(actor, Permission.READ_HOTSPOTS)
    wanted = {*line_.spot.cases, *(case for m in line_.spot.matters for case in m.cases)}
    found = await tx.execute(
        select(tables.cases)
        .where(tables.cases.c.id.in_(wanted))
        .order_by(tables.cases.c.accepted_at.desc())
    )
    return [CaseFact(*row) for row in found]


async def hints(tx: AsyncConnection, actor: Actor, *, most: int = 3) -> list[Line]:
    """What a seat should know while talking: the hottest lines that are hot or warming."""
    found, _total = await lines(tx, actor, states=(Heat.HOT, Heat.WARMING))
    return found[:most]


async def _numbered(tx: AsyncConnection, told: list[Line]) -> list[Line]:
    newest = {case for line_ in told for case in line_.spot.cases[-NEWEST:]}
    found = await tx.execute(
        select(tables.cases.c.id, tables.cases.c.number).where(tables.cases.c.id.in_(newest))
    )
    numbers = {row.id: row.number for row in found}
    return [
        replace(
            line_,
            numbers=tuple((case, numbers[case]) for case in line_.spot.cases[: -NEWEST - 1 : -1]),
        )
        for line_ in told
    ]


async def _names(tx: AsyncConnection) -> Names:
    topics = {one.code: (one.name, one.path) for one in await categories.tree(tx)}
    return Names(topics, {one.code: one.name for one in await places(tx)})


def _line(stored: object, since: datetime, computed_at: datetime, names: Names) -> Line:
    spot = msgspec.convert(stored, Spot)
    name, path = names.topics.get(spot.topic, (spot.topic, spot.topic))
    return Line(spot, name, path, names.place(spot.place), since, computed_at)
