"""What notices say, how long, and what they keep to themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from approvals.model import Approval, Result
from outbound.model import State, whole
from outbound.notices import approval_words, case_text, keypad
from outbound.ports import CaseFacts
from outbound.progress import error_code
from outbound.texts import render, sms_text
from sms.segment import segment

FACTS = CaseFacts(
    number="12345-20261121-00007",
    code="042713",
    line="12345",
    category="供水水质",
    confidential=False,
    phone="+8613985550123",
    reply="已更换老旧管段并冲洗，水质检测合格。",
    last_contact_at=None,
)


def test_acceptance_names_number_digits_and_code() -> None:
    text = case_text("case_accepted", FACTS, "贵阳12345")
    assert text.startswith("【贵阳12345】")
    for words in ("12345-20261121-00007", "2026112100007", "042713"):
        assert words in text


def test_result_quotes_the_answer() -> None:
    text = case_text("case_closed", FACTS, "贵阳12345")
    assert "供水水质" in text
    assert FACTS.reply in text


def test_confidential_result_says_nothing_of_the_matter() -> None:
    text = case_text("case_closed_confidential", FACTS, "贵阳12345")
    for words in (FACTS.category, FACTS.reply, FACTS.number, FACTS.code):
        assert words not in text


@given(st.text(max_size=3000))
def test_any_answer_fits_the_carrier(reply: str) -> None:
    text = case_text("case_closed", replace(FACTS, reply=reply), "贵阳12345")
    assert 1 <= len(segment(text, reference=1)) <= 10
    assert text.startswith("【贵阳12345】")
    assert "【" not in text[1:]


def test_a_template_that_lacks_a_fact_fails_loudly() -> None:
    with pytest.raises(UndefinedError):
        render("case_accepted", {"number": "1"})


def test_the_sandbox_holds() -> None:
    sandbox = ImmutableSandboxedEnvironment()
    with pytest.raises(SecurityError):
        sandbox.from_string("{{ x.__class__.__mro__ }}").render(x=1)


def test_facts_are_never_templates() -> None:
    text = sms_text(
        "case_closed",
        {"category": "{{ 7 * 7 }}", "number": "1", "reply": "${SHELL(id)}", "line": "12345"},
        "贵阳12345",
    )
    assert "{{ 7 * 7 }}" in text
    assert "${SHELL(id)}" in text


def test_keypad_digits() -> None:
    assert keypad("12345-20261121-00007") == "2026112100007"


def test_approval_page_has_the_result_in_words() -> None:
    approval = Approval(
        id="a",
        system="gy-approval",
        reference="SP-2026-000123",
        matter="食品经营许可",
        result=Result.SUPPLEMENT,
        decided_at=datetime(2026, 11, 21, 1, 0, tzinfo=UTC),
        department="市市场监督管理局",
        applicant="王示例",
        phone="",
        fax="",
        email="",
        note="",
        keypad="2026000123",
        code="111222",
        received_at=datetime(2026, 11, 21, 2, 0, tzinfo=UTC),
    )
    page = render("approval_page", approval_words(approval))
    assert "需补正材料" in page
    assert "2026年11月21日 09:00" in page
    assert "说明" not in page


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ([State.DELIVERED, State.DELIVERED], State.DELIVERED),
        ([State.DELIVERED, State.SENT], State.SENT),
        ([State.SENT, State.WAITING], State.WAITING),
        ([State.SENDING, State.WAITING], State.SENDING),
        ([State.UNCERTAIN, State.DELIVERED], State.UNCERTAIN),
        ([State.UNCERTAIN, State.FAILED], State.FAILED),
    ],
)
def test_state_of_the_whole(parts: list[State], state: State) -> None:
    assert whole(parts) is state


def test_error_codes_hold_no_digits() -> None:
    assert error_code("ESME_RSUBMITFAIL") == "esme_rsubmitfail"
    assert error_code("0x00000400 13985550123") == "x"
