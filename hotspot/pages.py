"""The hotspot list and the page of one topic at one place."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery

from hotspot import heat, queries
from hotspot.model import HEAT_NAMES, Heat
from rexian.kernel.access import Permission
from rexian.kernel.errors import BadInput, NotFound
from rexian.kernel.web import actor_of, page, requires, wants_json

AnyRequest = Request[Any, Any, Any]
LAST_PAGE = 10_000
CODE = re.compile(r"[0-9A-Za-z]{0,20}")
"""Codes of topics and places, as they may stand in an address."""


@get(["", "list.json"])
async def hotspot_list(
    request: AnyRequest,
    *,
    number: FromQuery[int] = 1,
    place: FromQuery[str] = "",
) -> Response[Any]:
    """List topics × places of the last seven days, hottest first."""
    state = request.query_params.get("state", "")  # `state` is a reserved name of Litestar's
    if state and state not in set(Heat):
        raise BadInput("没有这种状态。", field="state")
    if not CODE.fullmatch(place):
        raise BadInput("没有这个地点。", field="place")
    here = max(1, min(number, LAST_PAGE))
    states = (Heat(state),) if state else tuple(Heat)
    actor = actor_of(request)
    async with request.app.state.services.db.begin() as tx:
        lines, total = await queries.lines(tx, actor, page=here, states=states, place=place)
        counts = await queries.counts(tx, actor)
    if wants_json(request):
        return Response(
            {"items": [as_json(line) for line in lines], "total": total},
            media_type=MediaType.JSON,
        )
    return page(
        request,
        "hotspot/list.html",
        lines=lines,
        total=total,
        here=here,
        pages=-(-total // queries.PAGE),
        counts=[(one.value, HEAT_NAMES[one], counts[one]) for one in Heat],
        state=state,
        place=place,
        definition=heat.DEFINITION,
    )


@get("/{topic:str}/{place:str}")
async def hotspot_page(
    request: AnyRequest, topic: FromPath[str], place: FromPath[str]
) -> Response[Any]:
    """Show one topic at one place: its figures and every case behind them."""
    actor, place_code = actor_of(request), place.strip("-")
    if not CODE.fullmatch(topic) or not CODE.fullmatch(place_code):
        raise NotFound
    async with request.app.state.services.db.begin() as tx:
        line = await queries.line(tx, topic, place_code, actor)
        cases = await queries.facts_of(tx, line, actor)
    if wants_json(request):
        return Response(as_json(line), media_type=MediaType.JSON)
    return page(
        request,
        "hotspot/spot.html",
        line=line,
        spot=line.spot,
        cases=cases,
        numbers={case.id: case.number for case in cases},
        window=frozenset(line.spot.cases),
        definition=heat.DEFINITION,
    )


def as_json(line: queries.Line) -> dict[str, Any]:
    """Return a line for programs: the spot's figures with the names of topic and place."""
    return {
        "topic_name": line.topic_name,
        "topic_path": line.topic_path,
        "place_name": line.place_name,
        "since": line.since.isoformat(),
        "computed_at": line.computed_at.isoformat(),
        "address": line.address,
        "numbers": [number for _case, number in line.numbers],
        **msgspec.to_builtins(line.spot),
    }


router = Router(
    "/hotspots",
    route_handlers=[hotspot_list, hotspot_page],
    guards=[requires(Permission.READ_HOTSPOTS)],
    include_in_schema=False,
)
