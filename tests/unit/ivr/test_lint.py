"""The linter finds each fault it promises to find, and the city's own menus have none."""

import copy
from typing import Any

import pytest

from ivr.lint import lint
from ivr.loader import MENUS, load_menus, read_yaml
from ivr.schema import BadMenu, parse
from ivr.texts import prompt_ids


@pytest.fixture
def content() -> dict[str, Any]:
    return copy.deepcopy(read_yaml(MENUS / "12345.yaml"))


def codes(content: dict[str, Any]) -> set[str]:
    return {one.code for one in lint(parse(content, "test.yaml"), prompt_ids())}


def test_our_own_menus_are_clean():
    for menu in load_menus().menus.values():
        assert lint(menu, prompt_ids()) == []


def test_dead_end(content):
    content["nodes"]["main"]["keys"]["1"]["to"] = "nowhere"
    assert codes(content) == {"dead_end"}


def test_missing_entry(content):
    del content["entries"]["menu_first"]
    assert "no_entry" in codes(content)


def test_unreachable(content):
    content["nodes"]["island"] = {"kind": "queue"}
    assert codes(content) == {"unreachable"}


def test_missing_prompt(content):
    content["nodes"]["main"]["say"] = ["never-spoken"]
    assert codes(content) == {"missing_prompt"}


def test_no_way_to_a_person(content):
    del content["nodes"]["main"]["keys"]["0"]
    assert "no_person" in codes(content)


def test_zero_that_leads_elsewhere(content):
    content["nodes"]["greeting"]["keys"]["0"] = "main"
    assert "no_person" in codes(content)


@pytest.mark.parametrize("way", ["silence", "give_up"])
def test_silence_and_giving_up_must_reach_a_person(content, way):
    content["nodes"]["main"][way] = "goodbye"
    assert codes(content) == {"no_person"}


def test_person_must_be_a_queue(content):
    content["person"] = "goodbye"
    assert "no_person" in codes(content)


def test_loop_without_an_input(content):
    nodes = content["nodes"]
    nodes["case-told"]["to"] = "echo"
    nodes["echo"] = {"kind": "tell", "pieces": [{"prompt": "goodbye"}], "to": "case-told"}
    assert {"loop", "unreachable"} <= codes(content)


def test_too_many_options_is_a_warning(content):
    keys = content["nodes"]["main"]["keys"]
    for key in "345":
        keys[key] = {"label": "多余", "to": "person"}
    found = lint(parse(content, "test.yaml"), prompt_ids())
    assert [(one.level, one.code) for one in found] == [("warning", "too_many_options")]


def test_finish_key_is_no_option(content):
    content["nodes"]["main"]["keys"]["#"] = {"label": "井号", "to": "person"}
    assert "finish_key" in codes(content)


def test_look_up_without_its_digits(content):
    content["nodes"]["case-lookup"]["arguments"]["code"] = "secret"
    assert codes(content) == {"missing_slot"}


def test_a_key_written_twice_is_refused_by_the_reader(tmp_path):
    file = tmp_path / "twice.yaml"
    file.write_text('keys:\n  "1": a\n  "1": b\n', encoding="utf-8")
    with pytest.raises(BadMenu) as caught:
        read_yaml(file)
    assert "“1”写了两次" in caught.value.sentence


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda c: c.update(format=2), "format"),
        (lambda c: c.update(surprise=1), "surprise"),
        (lambda c: c["nodes"]["police"].update(number="911"), "number"),
        (lambda c: c["nodes"]["main"].update(kind="dance"), "main"),
        (lambda c: c["nodes"]["main"]["keys"].update({"A": {"label": "x", "to": "main"}}), "A"),
        (lambda c: c["nodes"]["case-told"]["pieces"][0].update(digits="x"), "case-told"),
    ],
)
def test_what_the_schema_refuses_is_named(content, change, place):
    change(content)
    with pytest.raises(BadMenu) as caught:
        parse(content, "test.yaml")
    assert "test.yaml" in caught.value.sentence
    assert place in caught.value.sentence
