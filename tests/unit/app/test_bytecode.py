"""The rooms' modules are compiled before anything starts, and anew when they change."""

import os
from pathlib import Path

from rexian.app.bootstrap import bytecode
from rexian.app.bootstrap.places import Places


def _compiled(root):
    return sorted(str(file.relative_to(root)) for file in root.rglob("*.pyc"))


def test_rooms_are_compiled_and_what_is_not_ours_is_left_alone(tmp_path):
    for name in (
        "rexian/app/one.py",
        "cases/two.py",
        "tests/three.py",
        ".venv/four.py",
        "var/x.py",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text("one = 1\n")
    places = Places(tmp_path, tmp_path / "var")
    assert not bytecode.there(places)
    bytecode.refresh(places)
    assert bytecode.there(places)
    assert [name.split("/")[0] for name in _compiled(tmp_path)] == ["cases", "rexian"]


def test_a_changed_module_is_compiled_again(tmp_path):
    module = tmp_path / "cases" / "two.py"
    module.parent.mkdir()
    module.write_text("one = 1\n")
    places = Places(tmp_path, tmp_path / "var")
    bytecode.refresh(places)
    before = Path(tmp_path, _compiled(tmp_path)[0]).read_bytes()
    module.write_text("one = 11\n")
    os.utime(module, (1, 1))
    bytecode.refresh(places)
    assert Path(tmp_path, _compiled(tmp_path)[0]).read_bytes() != before
