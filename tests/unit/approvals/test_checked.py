"""What is taken from the approval system and what is sent back with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from approvals.model import NewApproval, Result
from approvals.service import checked
from rexian.kernel.errors import BadInput

GOOD = NewApproval(
    system="gy-approval",
    reference="SP-2026-000123",
    matter="食品经营许可",
    result=Result.GRANTED,
    decided_at=datetime(2026, 11, 21, 1, 0, tzinfo=UTC),
    department="市市场监督管理局",
    applicant="王示例",
    phone="139 8555 0123",
    fax="0851-85550199",
    email="wang@example.com",
    note=" 请携带身份证领取 ",
)


def test_numbers_become_e164_and_texts_are_trimmed() -> None:
    values = checked(GOOD)
    assert values["phone"] == "+8613985550123"
    assert values["fax"] == "+8685185550199"
    assert values["note"] == "请携带身份证领取"


def test_nothing_to_reach_is_allowed() -> None:
    values = checked(replace(GOOD, phone="", fax=" ", email=""))
    assert (values["phone"], values["fax"], values["email"]) == ("", "", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("matter", ""),
        ("applicant", " "),
        ("reference", "x" * 65),
        ("system", ""),
        ("phone", "12"),
        ("fax", "fax"),
        ("email", "nobody"),
        ("email", "a@b.com\nBcc: x@y.z"),
        ("note", "字" * 2001),
        ("matter", "a\0b"),
        ("decided_at", datetime(2026, 11, 21, 1, 0)),  # noqa: DTZ001  (naive is the point)
    ],
)
def test_each_fault_names_its_field(field: str, value: object) -> None:
    with pytest.raises(BadInput) as caught:
        checked(replace(GOOD, **{field: value}))  # type: ignore[arg-type]
    assert caught.value.field == field
