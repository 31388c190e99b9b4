"""Calls and messages become contacts; recordings are opened with a reason."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from contacts import recordings
from contacts.queries import citizen_card, contact, history, pop, reach
from contacts.service import (
    call_answered,
    call_ended,
    call_queued,
    call_started,
    sms_received,
    update_citizen,
)
from directory.loader import user_id
from rexian.kernel import events
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import BadInput, Forbidden, NotFound

AGENT = Actor("user", user_id("agent1001"), Role.AGENT, seat="1001")
CENTRE = Actor("user", user_id("centre"), Role.CENTRE)
WATER = Actor("user", user_id("water"), Role.DEPARTMENT, department="D-WATER")
NUMBER = "13985550123"


async def _call(db: Database, clock: FixedClock, number: str = NUMBER, name: str = "") -> str:
    identifier = str(uuid.uuid4())
    async with db.begin() as tx:
        await call_started(tx, identifier, line="12345", number=number, name=name, at=clock.now())
    return identifier


async def test_a_call_is_one_contact_with_its_times_however_often_it_is_told(
    db: Database, clock: FixedClock
) -> None:
    began = clock.now()
    call = await _call(db, clock)
    for _ in range(2):
        async with db.begin() as tx:
            await call_started(tx, call, line="12345", number=NUMBER, at=began)
            await call_queued(tx, call, at=began + timedelta(seconds=8))
            await call_answered(tx, call, seat="1001", at=began + timedelta(seconds=15))
            await call_ended(tx, call, at=began + timedelta(seconds=200))
    async with db.begin() as tx:
        found = await contact(tx, call, AGENT)
        log = await events.history(tx, events.Subject("contact", call))
    assert found.id == call
    assert found.agent == user_id("agent1001")
    assert found.outcome_name == "已接听"
    assert [found.queued_at, found.answered_at, found.ended_at] == [
        began + timedelta(seconds=s) for s in (8, 15, 200)
    ]
    assert [e.type for e in log] == ["contact.started", "contact.answered", "contact.ended"]
    assert NUMBER not in str([e.payload for e in log])


@pytest.mark.parametrize(("queued", "outcome"), [(True, "abandoned"), (False, "menu")])
async def test_a_caller_who_hangs_up_before_an_answer(
    db: Database, clock: FixedClock, queued: bool, outcome: str
) -> None:
    call = await _call(db, clock)
    async with db.begin() as tx:
        if queued:
            await call_queued(tx, call, at=clock.now())
        await call_ended(tx, call, at=clock.now())
        assert (await contact(tx, call, AGENT)).outcome == outcome


async def test_the_pop_shows_the_caller_the_area_and_earlier_contacts(
    db: Database, clock: FixedClock
) -> None:
    first = await _call(db, clock)
    clock.advance(timedelta(days=1))
    call = await _call(db, clock)
    async with db.begin() as tx:
        shown = await pop(tx, call, AGENT)
        assert [c.id for c in shown.earlier] == [first]
        assert shown.citizen.phone == "139 8555 0123"
        assert "贵阳" in shown.citizen.area
        assert shown.citizen.id is not None
        await update_citizen(
            tx, shown.citizen.id, name="王示例\n", address="示例路", actor=AGENT, at=clock.now()
        )
        await update_citizen(tx, shown.citizen.id, name="", address="", actor=AGENT, at=clock.now())
        again = await pop(tx, call, AGENT)
    assert (again.citizen.name, again.citizen.address) == ("王示例", "示例路")


@pytest.mark.parametrize("number", ["", "anonymous", "12345", "1001", "${SHELL(id)}", "0" * 500])
async def test_a_caller_without_a_subscriber_number_is_anonymous(
    db: Database, clock: FixedClock, number: str
) -> None:
    call = await _call(db, clock, number, name='${SHELL(id)}"\n' + "x" * 500)
    async with db.begin() as tx:
        shown = await pop(tx, call, AGENT)
    assert shown.contact.citizen_id is None
    assert shown.citizen.name == "匿名"
    assert len(shown.contact.caller_name) == 40
    assert "$" not in shown.contact.caller_name


async def test_an_sms_becomes_one_contact_of_the_same_citizen(
    db: Database, clock: FixedClock
) -> None:
    call = await _call(db, clock)
    made = set()
    for _ in range(2):
        async with db.begin() as tx:
            made.add(
                await sms_received(
                    tx, number="+86" + NUMBER, body="水还没来\x00", line="12345",
                    message_ref="smpp:1", at=clock.now(),
                )
            )  # fmt: skip
    assert len(made) == 1
    async with db.begin() as tx:
        sms = await contact(tx, made.pop(), AGENT)
        voice = await contact(tx, call, AGENT)
        assert sms.citizen_id == voice.citizen_id
        assert sms.body == "水还没来"
        assert sms.channel_name == "短信"
        assert sms.citizen_id is not None
        assert len(await history(tx, sms.citizen_id, AGENT)) == 2


async def test_personal_data_is_for_those_who_may_read_it(db: Database, clock: FixedClock) -> None:
    call = await _call(db, clock)
    async with db.begin() as tx:
        citizen = (await contact(tx, call, AGENT)).citizen_id
        assert citizen is not None
        with pytest.raises(Forbidden):
            await contact(tx, call, WATER)
        with pytest.raises(Forbidden):
            await citizen_card(tx, citizen, WATER, visible=True)
        with pytest.raises(Forbidden):
            await reach(tx, citizen, CENTRE)
        masked = await citizen_card(tx, citizen, AGENT, visible=False)
        assert (masked.id, masked.phone) == (None, "（保密）")
        known = await reach(tx, citizen, Actor.system("worker"))
        assert known is not None
        assert known.phone == "+86" + NUMBER
        with pytest.raises(NotFound):
            await contact(tx, "no-such-contact", AGENT)


async def test_a_recording_plays_for_who_may_hear_it_after_a_reason_that_is_kept(
    db: Database, clock: FixedClock
) -> None:
    call = await _call(db, clock)
    for _ in range(2):
        async with db.begin() as tx:
            recording = await recordings.add(
                tx, call, file=f"{call}.wav", started_at=clock.now(), milliseconds=61_000,
                size=976_044, sha256="ab" * 32, at=clock.now(),
            )  # fmt: skip
    async with db.begin() as tx:
        assert [r.id for r in await recordings.of_contact(tx, call, AGENT)] == [recording]
        with pytest.raises(Forbidden):
            await recordings.open_for(tx, recording, AGENT, "想听一听", clock.now())
        with pytest.raises(Forbidden):
            await recordings.opened(tx, recording, CENTRE, clock.now())
        with pytest.raises(BadInput) as refused:
            await recordings.open_for(tx, recording, CENTRE, " 听 ", clock.now())
        assert refused.value.field == "reason"
        opening = await recordings.open_for(tx, recording, CENTRE, "核实市民诉求原话", clock.now())
        played = await recordings.opened(tx, recording, CENTRE, clock.now())
        assert played.file == f"{call}.wav"
        kept = await recordings.openings(tx, recording, CENTRE)
        assert [(o.id, o.reason) for o in kept] == [(opening.id, "核实市民诉求原话")]
        later = clock.advance(timedelta(minutes=31))
        with pytest.raises(Forbidden):
            await recordings.opened(tx, recording, CENTRE, later)
        log = await events.history(tx, events.Subject("contact", call))
    assert [e.type for e in log][1:] == ["contact.recorded", "recording.opened"]
    assert "核实" not in str(log[-1].payload)
