"""Menus are read again when they change, and a bad change is not taken."""

import shutil
from pathlib import Path

import pytest

from ivr.loader import MENUS, MenuLoader, load_menus
from ivr.schema import BadMenu
from ivr.texts import texts


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(MENUS, tmp_path / "menus")


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "12345.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_a_change_is_taken_at_the_next_call(folder):
    loader = MenuLoader(folder)
    first = loader.current()
    assert loader.current() is first
    change(folder, "version: 1", "version: 200")
    assert loader.current().menus["12345"].version == 200
    assert loader.current().digest != first.digest


@pytest.mark.parametrize(
    "damage", [("kind: choice", "kind: nonsense"), ("to: police", "to: nowhere"), ("nodes:", "\tx")]
)
def test_a_bad_change_keeps_the_menus_in_force_and_says_why(folder, damage):
    loader = MenuLoader(folder)
    before = loader.current()
    change(folder, *damage)
    assert loader.current() is before
    assert loader.problem
    change(folder, damage[1], damage[0])
    assert loader.current().menus.keys() == before.menus.keys()
    assert loader.problem is None


def test_two_files_of_one_line_and_an_empty_folder_are_refused(folder, tmp_path):
    shutil.copy(folder / "12345.yaml", folder / "copy.yaml")
    with pytest.raises(BadMenu):
        load_menus(folder)
    with pytest.raises(BadMenu):
        MenuLoader(tmp_path / "nothing")


def test_a_prompt_added_while_the_system_runs_is_known_at_once(tmp_path):
    file = tmp_path / "prompts.yaml"
    file.write_text("format: 1\nmenus:\n  hello: 您好。\n", encoding="utf-8")
    assert set(texts(file)) == {"hello"}
    file.write_text("format: 1\nmenus:\n  hello: 您好。\n  hall-hours: 九点。\n", encoding="utf-8")
    assert texts(file)["hall-hours"] == "九点。"
    file.write_text("format: [\n", encoding="utf-8")
    with pytest.raises(BadMenu, match=r"prompts\.yaml"):
        texts(file)
