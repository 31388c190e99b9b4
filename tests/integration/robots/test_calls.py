"""Robots on a real Asterisk: the menu by ear, the queue, a talk heard on both sides."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agi.server import Door, serve
from ivr.loader import MenuLoader
from ivr.prompts import build, folder
from rexian.app.robots import audio
from rexian.app.robots.citizen import NotHeard, place_call, seat_line, trunk_line
from rexian.app.robots.phone import phone
from rexian.app.robots.scenario import Caller, load_script, parse_script
from rexian.app.robots.timeline import Timeline
from rexian.kernel.clock import SystemClock
from tests.support.asterisk import RealAsterisk, telephone_settings
from tests.support.phones import tone_file
from tests.support.wait import until

SCENARIOS = Path(__file__).parents[2] / "scenarios"
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAsterisk]:
    made = RealAsterisk(telephone_settings(tmp_path_factory.mktemp("home")))
    build(made.settings)
    made.start()
    try:
        yield made
    finally:
        made.stop(signal.SIGKILL)


async def signed(kind: str, arguments: Mapping[str, str]) -> Mapping[str, str] | None:
    right = {"number": "2026112100001", "code": "123456"}
    return {"state": "signed"} if kind == "case_status" and arguments == right else None


FACTS = {"number": "2026112100001", "code": "123456", "state": "state-signed"}


async def call(asterisk: RealAsterisk, name: str, tmp_path: Path) -> list[str]:
    """Walk a scenario file; returns what the timeline said."""
    settings = asterisk.settings
    timeline = Timeline(SystemClock())
    script = load_script(SCENARIOS / f"{name}.yaml")
    door = Door(MenuLoader().current, folder(settings), lookup=signed)
    ended = asyncio.Event()
    server = asyncio.create_task(serve(door, settings.ports.fastagi, ended.wait()))
    try:
        await place_call(settings, script, timeline, FACTS, tmp_path / name)
    finally:
        ended.set()
        await server
    return [moment.what for moment in timeline.moments]


async def test_a_key_in_the_greeting_opens_the_menu_and_zero_reaches_a_person(asterisk, tmp_path):
    said = await call(asterisk, "menu", tmp_path)
    assert any("按键有误" in what for what in said)


async def test_a_case_is_looked_up_and_told_digit_by_digit(asterisk, tmp_path):
    said = await call(asterisk, "look_up", tmp_path)
    assert "听到逐位报读 2026112100001" in said
    assert said[-1] == "对方已挂机"


async def test_a_prompt_that_is_not_played_is_not_heard(asterisk, tmp_path):
    script = parse_script(
        {
            "format": 1,
            "title": "no such sound",
            "steps": ["dial", {"expect_prompt": {"prompt": "goodbye", "within_s": 4}}],
        },
        "test",
    )
    with pytest.raises(NotHeard):
        await place_call(asterisk.settings, script, Timeline(SystemClock()), {}, tmp_path)


async def test_seat_and_citizen_hear_each_other_through_the_queue(asterisk, tmp_path):
    settings = asterisk.settings
    high, low = tone_file(tmp_path, 620), tone_file(tmp_path, 440)
    seat = seat_line(settings, "seat-1012")
    citizen = trunk_line(settings, Caller(number="13985010009"))
    async with (
        phone(seat, tmp_path / "seat", say=high, answer_after_ms=200) as desk,
        phone(citizen, tmp_path / "citizen") as caller,
    ):
        asterisk.rx("queue add member PJSIP/seat-1012 to 12345")
        await caller.dial("12345")
        await caller.press("0")
        await desk.answered(seconds=60)
        await caller.say(low, loop=True)
        await until(lambda: len(desk.heard()) >= 5 * audio.RATE)
        await caller.hang_up()
        await desk.hung_up(seconds=5)
        asterisk.rx("queue remove member PJSIP/seat-1012 from 12345")
    assert audio.tone(desk.heard()[3 * audio.RATE :], 440) > 0.9
    assert audio.tone(caller.heard()[-3 * audio.RATE :], 620) > 0.9
