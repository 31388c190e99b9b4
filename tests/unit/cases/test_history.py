"""Lines of a case's history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cases.history import history_lines
from cases.lookup import case_number
from rexian.kernel.events import Event, Subject


def event(type_: str, **payload: Any) -> Event:
    at = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    return Event(1, 1, 1, Subject("case", "c"), 1, type_, 1, at, "user:u1", payload, bytes(32))


def test_each_event_has_its_line() -> None:
    due = datetime(2026, 11, 19, 9, 0, tzinfo=UTC).isoformat()
    lines = history_lines(
        [
            event("case.accepted", number="12345-20261118-00001"),
            event("case.dispatched", due_at=due, tier="enquiry", provisional=True),
            event("case.reviewed", verdict="sent_back"),
            event("case.replied", on_time=False),
            event("case.closed", outcome="handled"),
            event("case.something_new"),
        ],
        {"u1": "坐席示例一"},
    )
    assert [line.label for line in lines] == [
        "受理", "派单", "审核退回", "答复", "办结", "case.something_new",
    ]  # fmt: skip
    assert lines[1].detail == "时限档次 咨询，2026-11-19 17:00 前办结（预估，待放假通知公布后重算）"
    assert lines[3].detail == "超期答复"
    assert {line.by for line in lines} == {"坐席示例一"}
    assert lines[0].mark == "00000000"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12345-20261118-00001", "12345-20261118-00001"),
        ("2026111800001", "12345-20261118-00001"),
        ("2026 1118 00001#", "12345-20261118-00001"),
        ("96796-20261118-00001", "96796-20261118-00001"),
        ("20261118000011", None),
        ("", None),
        ("12345-20261118-00001'--", None),
    ],
)
def test_a_number_is_read_as_typed_or_keyed(typed: str, number: str | None) -> None:
    assert case_number(typed) == number
