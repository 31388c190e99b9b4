"""The agent's call screen: what it is made of, gathered in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from agents import drafts
from agents.answers import AnyRequest, Desk, desk_of
from agents.words import words_of
from calls import service as calls
from calls.model import Call, SeatState
from cases import categories, queries
from cases.model import State
from cases.words import KIND_NAMES
from contacts.queries import CONFIDENTIAL, Contact, Pop, pop
from directory import queries as directory
from hotspot import queries as hotspot
from hotspot.model import Heat
from rexian.kernel.access import MASKED_NAME
from rexian.kernel.actor import Actor
from rexian.kernel.clock import local
from rexian.kernel.errors import NotFound
from rexian.kernel.web import actor_of, page
from rexian.kernel.web import gettext as _

OPEN_LISTED = 4
EARLIER_LISTED = 5
EARLIER_COUNTED = 50
HOTSPOTS_LISTED = 3
PLACE_WITHOUT_CALL = "new"
#: How long a call that ended stays in the bar.
WRAP_UP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a picker; `words` are further words that find it."""

    code: str
    label: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the left column shows it."""

    pop: Pop
    cases: list[queries.CaseRow]

    @property
    def name(self) -> str:
        """The citizen's name, or what the carrier said."""
        return self.pop.citizen.name or self.pop.contact.caller_name

    @property
    def times(self) -> int:
        """Which contact this is, counted up to what is listed."""
        return len(self.pop.earlier) + 1

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Number, area and address, label and value."""
        card, contact = self.pop.citizen, self.pop.contact
        return [
            (_("号码"), card.phone or contact.number or _("未显示")),
            (_("归属"), card.area or "—"),
            (_("住址"), card.address or "—"),
            (_("线路"), contact.line),
        ]

    @property
    def open_cases(self) -> list[queries.CaseRow]:
        """Cases still in work, the soonest due first."""
        open_ones = [row for row in self.cases if row.state != State.CLOSED]
        return sorted(open_ones, key=lambda row: (row.due_at is None, row.due_at))[:OPEN_LISTED]

    @property
    def closed_cases(self) -> list[queries.CaseRow]:
        """Finished cases, newest first."""
        return [row for row in self.cases if row.state == State.CLOSED]

    @property
    def earlier(self) -> list[Contact]:
        """Contacts before this one, newest first."""
        return self.pop.earlier[:EARLIER_LISTED]


async def caller_of(tx: AsyncConnection, contact: str, actor: Actor) -> Caller | None:
    """Return who calls in this contact; None when there is no such contact (yet)."""
    if not contact:
        return None
    try:
        popped = await pop(tx, contact, actor, limit=EARLIER_COUNTED)
    except NotFound:
        return None
    citizen = popped.contact.citizen_id
    rows = await queries.of_citizen(tx, citizen, actor) if citizen else []
    if any(row.confidential and row.title == MASKED_NAME for row in rows):
        popped = _discreet(popped, actor)
    return Caller(popped, rows)


def _discreet(popped: Pop, actor: Actor) -> Pop:
    """Mask who asked another agent for confidentiality (domain.md); cases' titles are already.

    The number stays for the seat that has the call, which must be able to ring back.
    """
    own = actor.seat is not None and popped.contact.seat == actor.seat
    card = CONFIDENTIAL
    if own:
        card = replace(card, phone=popped.citizen.phone, area=popped.citizen.area)
    number = popped.contact.number if own else ""
    return Pop(
        contact=replace(popped.contact, number=number, caller_name="", body=""),
        citizen=card,
        earlier=[replace(one, number="", caller_name="", body="") for one in popped.earlier],
    )


async def seat_context(tx: AsyncConnection, desk: Desk, actor: Actor) -> dict[str, Any]:
    """What the bar shows: the seat's state, the call and its caller."""
    state, call = SeatState.OUT, None
    if actor.seat:
        state = (await calls.seat_view(tx, actor.seat)).state
        call = await calls.current_call(tx, actor.seat)
        if call is None:
            call = _fresh(await calls.last_call(tx, actor.seat), desk.clock.now())
    return {"seat": state, "call": call, "caller": await caller_of(tx, _id(call), actor)}


def _fresh(call: Call | None, at: datetime) -> Call | None:
    """The call that ended a short while ago and may still be written up."""
    ended = call.ended_at if call else None
    return call if ended and at - ended < WRAP_UP else None


def midnight(at: datetime) -> datetime:
    """The start of the day in Shanghai."""
    return local(at).replace(hour=0, minute=0, second=0, microsecond=0)


async def pulse_context(tx: AsyncConnection, desk: Desk, actor: Actor) -> dict[str, Any]:
    """The centre's figures for the bottom line: the last 24 hours, and cases past their promise."""
    at = desk.clock.now()
    counts = await queries.open_counts(tx, actor, at)
    return {
        "pulse": await calls.queues_now(tx, at, at - timedelta(hours=24)),
        "overdue": counts["overdue"],
    }


async def rising(tx: AsyncConnection, actor: Actor) -> list[hotspot.Line]:
    """What the agent should know before the next call: hot and warming topics, hottest first."""
    lines, _total = await hotspot.lines(tx, actor, states=(Heat.HOT, Heat.WARMING))
    return lines[:HOTSPOTS_LISTED]


def _id(call: Call | None) -> str:
    return call.id if call else ""


async def options(tx: AsyncConnection) -> dict[str, list[Option]]:
    """The choices of the pickers: category leaves, departments, places."""
    leaves = await categories.leaves(tx)
    departments = await directory.departments(tx)
    places = await directory.places(tx)
    names = {place.code: place.name for place in places if place.level == "district"}
    return {
        "categories": [
            Option(one.code, one.path.replace("/", " ▸ "), " ".join(one.keywords)) for one in leaves
        ],
        "departments": [
            Option(one.code, one.name, f"{one.short_name} {one.responsibilities}")
            for one in departments
        ],
        "places": [
            Option(one.code, f"{names.get(one.parent or '', '')} {one.name}".strip())
            for one in places
            if one.level != "city"
        ],
    }


def kinds() -> list[tuple[str, str]]:
    """The kinds with their words, in the order of the keys 1 to 6."""
    return [(kind.value, _(name)) for kind, name in KIND_NAMES.items()]


async def _accepted(request: AnyRequest, desk: Desk, actor: Actor) -> dict[str, Any] | None:
    """The case that was just taken down, for the line above the form."""
    identifier = request.query_params.get("accepted", "")
    if not identifier:
        return None
    try:
        row = await desk.cases.page(identifier, actor)
    except NotFound:
        return None
    return {"row": row, "place": request.query_params.get("place", PLACE_WITHOUT_CALL)}


async def desk_screen(
    request: AnyRequest,
    *,
    contact: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    """Render the call screen; with `values` and `errors` as a form that came back."""
    desk, actor = desk_of(request), actor_of(request)
    accepted = None if values else await _accepted(request, desk, actor)
    async with desk.db.begin() as tx:
        context = await seat_context(tx, desk, actor)
        live = context["call"]
        place = contact or (live.id if live else "") or PLACE_WITHOUT_CALL
        if place != PLACE_WITHOUT_CALL and (live is None or live.id != place):
            context["caller"] = await caller_of(tx, place, actor)
        draft = None if values else await drafts.load(tx, actor, place)
        context |= await options(tx)
        context |= {
            "hotspots": await rising(tx, actor),
            "drafts": await drafts.unfinished(tx, actor, besides=place),
            "accepted": accepted,
            **await pulse_context(tx, desk, actor),
            "today": await calls.seat_day(tx, actor.seat or "", midnight(desk.clock.now())),
        }
    return page(
        request,
        "agents/desk.html",
        status=status,
        place=place,
        contact="" if place == PLACE_WITHOUT_CALL else place,
        values=dict(values or (draft.fields if draft else {})),
        errors=dict(errors or {}),
        saved_at=draft.saved_at if draft else None,
        kinds=kinds(),
        articles=[],
        **words_of(desk),
        **context,
    )
