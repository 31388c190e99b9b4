"""Scenarios are data: the files in tests/scenarios are right, and wrong ones are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.texts import prompt_ids
from rexian.app.robots.checks import STEPS, Seen
from rexian.app.robots.plan import FIRST_CALL, load_plan
from rexian.app.robots.scenario import (
    BadScenario,
    Dial,
    ExpectPrompt,
    HangUp,
    Step,
    filled,
    load_script,
    parse_script,
)

FILES = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
CALLS = [file for file in FILES if file != FIRST_CALL]


def prompts(steps: tuple[Step, ...]) -> set[str]:
    wanted = [step.expect_prompt for step in steps if isinstance(step, ExpectPrompt)]
    names = {one if isinstance(one, str) else one.prompt for one in wanted}
    return {name for name in names if "{" not in name}


@pytest.mark.parametrize("file", CALLS, ids=lambda file: file.stem)
def test_every_scenario_can_be_read_and_expects_prompts_that_exist(file):
    script = load_script(file)
    assert prompts(script.steps) <= prompt_ids()


def test_the_tour_can_be_read_and_expects_prompts_that_exist():
    plan = load_plan()
    for steps in (plan.call, plan.silent.steps, plan.look_up):
        assert prompts(steps) <= prompt_ids()


def script(*steps: Any) -> dict[str, Any]:
    return {"format": 1, "title": "test", "steps": list(steps)}


def test_a_word_alone_is_a_step():
    read = parse_script(script("dial", "hang_up"), "test")
    assert read.steps == (Dial(), HangUp(hang_up=True))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (script({"jump": 1}), "第 1 步"),
        (script("dial", {"press": "12A"}), "第 2 步"),
        (script({"dial": None, "press": "1"}), "只写一个动作"),
        (script({"wait": -1}), "wait"),
        ({"format": 2, "title": "t", "steps": ["dial"]}, "format"),
        ({"format": 1, "title": "t", "steps": []}, "steps"),
        ({"format": 1, "title": "t", "steps": ["dial"], "surprise": 1}, "surprise"),
        (["dial"], "YAML 对象"),
    ],
)
def test_what_is_wrong_is_named(content, words):
    with pytest.raises(BadScenario) as caught:
        parse_script(content, "test.yaml")
    assert words in caught.value.sentence


def test_a_file_that_is_no_yaml_or_not_there(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [", encoding="utf-8")
    for file in (bad, tmp_path / "none.yaml"):
        with pytest.raises(BadScenario):
            load_script(file)
        with pytest.raises(BadScenario):
            load_plan(file)


def test_a_fault_in_the_tour_is_named(tmp_path):
    content = yaml.safe_load(FIRST_CALL.read_text(encoding="utf-8"))
    del content["case"]["text"]
    file = tmp_path / "tour.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(BadScenario) as caught:
        load_plan(file)
    assert "case → text" in caught.value.sentence


def test_facts_fill_values_and_an_unknown_one_is_refused():
    assert filled("{number}#", {"number": "123"}) == "123#"
    with pytest.raises(BadScenario):
        filled("{code}", {})


def test_the_tour_is_complete_only_when_every_check_was_seen():
    seen = Seen()
    assert not seen.complete
    for step in STEPS:
        for check in step.checks:
            assert not seen.complete
            seen.saw(step.number, check, "proof")
        assert seen.missing(step) == []
    assert seen.complete
    seen.problems.append("one")
    assert not seen.complete


def test_a_check_nobody_planned_is_our_own_mistake():
    with pytest.raises(KeyError):
        Seen().saw(1, "weather", "fine")
