"""The first call, all the way, and callers who do not do what the menu asks: on real telephones."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rexian.app.robots.checks import STEPS
from rexian.app.robots.citizen import Citizen
from rexian.app.robots.demo import demonstrate, report
from rexian.app.robots.scenario import load_script
from rexian.app.robots.timeline import Timeline
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.kernel.clock import SystemClock
from rexian.kernel.settings import ROOT
from tests.support import hotline
from tests.support.system import System


@pytest.mark.timeout(300)
async def test_the_first_call_travels_all_the_way(system: System):
    """The definition `make run` runs: every check of the nine steps must have been seen."""
    words = io.StringIO()
    console = Console(file=words, width=200)
    seen = await demonstrate(system.settings, console)
    report(console, seen)
    assert [step.number for step in STEPS] == list(range(1, 10))
    assert seen.complete, words.getvalue()


@pytest.mark.timeout(150)
async def test_a_caller_who_stays_silent_reaches_a_person(system: System, tmp_path):
    async with hotline.seat(system, tmp_path) as seat:
        await hotline.reach(system, seat, tmp_path, "13985000021", keys="", seconds=45)


@pytest.mark.timeout(150)
async def test_wrong_digits_three_times_reach_a_person(system: System, tmp_path):
    script = load_script(ROOT / "tests" / "scenarios" / "wrong_digits.yaml")
    until_person = script.steps[:-2]
    async with (
        hotline.seat(system, tmp_path) as seat,
        hotline.citizen(system, tmp_path, "13985000022") as one,
    ):
        timeline = Timeline(SystemClock())
        await Citizen(system.settings, one, timeline, script.line).walk(until_person, {})
        await seat.phone.answered(seconds=30)
        await hotline.talk(one, seat)
        await one.hang_up()


def test_the_start_says_where_to_go_and_with_which_login(system: System):
    said = system.said()
    assert f"{system.desk}/desk" in said
    assert "agent1012" in said
    assert DEVELOPMENT_PASSWORD in said
