"""docs/reference/ivr.md shows the menus as they are, and names every kind, finding and reason."""

import re

from ivr import lint
from ivr.drawing import table
from ivr.loader import load_menus
from ivr.texts import texts
from rexian.app.robots.scenario import VERBS
from rexian.kernel.settings import ROOT

PAGE = (ROOT / "docs" / "reference" / "ivr.md").read_text(encoding="utf-8")
SCHEMA = (ROOT / "ivr" / "schema.py").read_text(encoding="utf-8")
ROBOTS = (ROOT / "docs" / "reference" / "robots.md").read_text(encoding="utf-8")


def test_the_menus_are_shown_as_they_are():
    for menu in load_menus().menus.values():
        assert table(menu, texts()) in PAGE, f"write it again: rexian ivr show {menu.line}"


def test_every_kind_of_node_and_every_finding_is_explained():
    source = (ROOT / "ivr" / "lint.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"([a-z]+_[a-z_]+|loop|unreachable)",? ', source)) - {"case_status"}
    kinds = re.findall(r'kind: Literal\["([a-z_]+)"\]', SCHEMA)
    assert kinds
    for word in (*kinds, *codes):
        assert f"`{word}`" in PAGE, word
    assert lint.MOST_OPTIONS == 8


def test_every_step_of_a_scenario_is_explained():
    for verb in VERBS:
        assert f"`{verb}" in ROBOTS, verb
