"""People, a caller and a service for the tests of cases."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest

from cases.service import CaseService, NewCase
from contacts.service import call_answered, call_started
from directory.loader import user_id
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database

WATER_QUALITY = "010101"
CALLER = "13985550123"


def person(login: str, role: Role, department: str | None = None, seat: str | None = None) -> Actor:
    return Actor("user", user_id(login), role, login, department, seat)


@dataclass(frozen=True)
class People:
    agent: Actor
    other_agent: Actor
    water: Actor
    urban: Actor
    centre: Actor
    supervisor: Actor
    system: Actor


@pytest.fixture
def people() -> People:
    return People(
        agent=person("agent1001", Role.AGENT, seat="1001"),
        other_agent=person("agent1002", Role.AGENT, seat="1002"),
        water=person("water", Role.DEPARTMENT, "D-WATER"),
        urban=person("urban", Role.DEPARTMENT, "D-URBAN"),
        centre=person("centre", Role.CENTRE),
        supervisor=person("supervisor", Role.SUPERVISOR),
        system=Actor.system("worker"),
    )


@pytest.fixture
def service(db: Database, clock: FixedClock) -> CaseService:
    return CaseService(db, clock)


@pytest.fixture
async def call(db: Database, clock: FixedClock) -> str:
    """An answered call of a citizen; the id of its contact."""
    identifier = str(uuid.uuid4())
    async with db.begin() as tx:
        await call_started(tx, identifier, line="12345", number=CALLER, at=clock.now())
        await call_answered(tx, identifier, seat="1001", at=clock.now())
    return identifier


def new_case(call: str | None = None, **changes: object) -> NewCase:
    given: dict[str, object] = {
        "kind": "complaint",
        "category": WATER_QUALITY,
        "text": "花果园小区自来水发黄有异味，已经三天了。",
        "form_token": uuid.uuid4().hex,
        "township": "520102031",
        "address": "花果园某栋",
        "contact_id": call,
        "name": "王示例",
    }
    return NewCase(**{**given, **changes})  # type: ignore[arg-type]
