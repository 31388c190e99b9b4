"""The catalogue of events: complete, and no door for personal data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from rexian.app import event_catalogue
from rexian.kernel import event_types
from rexian.kernel.event_types import EventRefused, EventType
from rexian.kernel.settings import ROOT

HERE = "01890a5d-ac96-774b-bcce-b302099a8057"
ACCEPTED = {
    "number": "12345-20261121-00001",
    "tier": "help",
    "line": "12345",
    "kind": "help",
    "category": "010101",
    "township": "520102019",
    "confidential": True,
    "citizen": HERE,
    "contact": None,
    "seat": "1012",
    "texts": {"request": "0" * 32},
}


def refusal(**change: object) -> str:
    with pytest.raises(EventRefused) as refused:
        event_types.check("case.accepted", 1, "case", {**ACCEPTED, **change})
    return str(refused.value.details["problem"])


def test_what_is_declared_passes():
    event_types.check("case.accepted", 1, "case", ACCEPTED)


@pytest.mark.parametrize("personal", ["13985012345", "+8613985012345", "王示例", "0851-8765 4321"])
def test_personal_data_finds_no_field_and_is_not_repeated(personal):
    for field in ACCEPTED:
        assert personal not in refusal(**{field: personal})
    assert personal not in refusal(texts={"request": personal})
    assert personal not in refusal(texts={personal: "0" * 32})


def test_unknown_fields_missing_fields_and_wrong_subjects_are_refused():
    assert "no field" in refusal(phone="x")
    with pytest.raises(EventRefused, match="missing"):
        event_types.check("case.signed", 1, "case", {"department": "D-WATER"})
    with pytest.raises(EventRefused, match="about a case"):
        event_types.check("case.accepted", 1, "contact", ACCEPTED)
    with pytest.raises(EventRefused, match="not declared"):
        event_types.check("case.accepted", 2, "case", ACCEPTED)


def test_true_is_no_number_and_one_is_no_truth():
    assert "true or false" in refusal(confidential=1)
    file = {"file": HERE, "sha256": "0" * 64, "taken": True, "known": 0, "refused": 0}
    with pytest.raises(EventRefused, match="integer"):
        event_types.check("exchange.file_taken", 1, "exchange_file", file)


def test_a_type_with_free_text_cannot_be_declared():
    with pytest.raises(ValueError, match="pattern"):
        event_types.declare(EventType("x.y", "x", "free text", {"words": {"type": "string"}}))
    with pytest.raises(ValueError, match="twice"):
        event_types.declare(EventType("case.closed", "case", "another", {}))


def rooms() -> list[str]:
    return [folder.name for folder in ROOT.iterdir() if (folder / "event_types.py").exists()]


def emitted() -> Iterator[tuple[str, str]]:
    """Event names written out in the code of the rooms, with the file they stand in."""
    folders = [ROOT / "rexian", *(p.parent for p in ROOT.glob("*/__init__.py"))]
    for folder in folders:
        for file in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                yield from ((name, str(file)) for name in _names(node))


def _names(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    arguments = node.args[:3] if called in {"NewEvent", "Record", "_record"} else []
    for one in arguments:
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and "." in one.value:
            yield one.value


def test_every_event_that_the_code_writes_is_declared():
    found = list(emitted())
    assert len(found) > 10
    unknown = [(name, file) for name, file in found if not event_types.is_declared(name)]
    assert not unknown


def test_each_room_with_events_declares_them_when_it_is_imported_and_is_in_the_reference():
    assert sorted(rooms()) == sorted(event_catalogue.ROOMS)
    for room in rooms():
        assert "event_types" in Path(ROOT, room, "__init__.py").read_text(encoding="utf-8")


def test_the_reference_names_every_type():
    page = event_catalogue.page()
    for types in event_catalogue.ROOMS.values():
        assert all(f"`{one.name}`" in page for one in types)
