"""What a form of the call screen still lacks, and what a browser sends as a draft."""

import json

import pytest

from agents.drafts import LONGEST_FIELDS, parse_fields
from agents.intake import missing, new_case, place_of
from rexian.kernel.errors import BadInput
from rexian.kernel.web import FormValues
from rexian.kernel.web.i18n import use_language


@pytest.fixture(autouse=True)
def chinese() -> None:
    use_language("zh")


def test_each_action_asks_for_what_it_needs():
    blank = FormValues()
    assert list(missing(blank, "dispatch")) == ["kind", "text", "category", "department"]
    assert list(missing(blank, "answer")) == ["kind", "text", "category", "answer"]
    assert list(missing(blank, "accept")) == ["kind", "text", "category"]


def test_a_form_is_read_into_a_new_case():
    case = new_case(
        FormValues(kind="help", category="010101", text="停水", confidential="1", contact="c-1")
    )
    assert case.confidential
    assert case.contact_id == "c-1"
    assert case.form_token
    assert place_of(FormValues(contact="c-1")) == "c-1"
    assert place_of(FormValues()) == "new"


@pytest.mark.parametrize("body", ["[]", "{", '"text"', "x" * (LONGEST_FIELDS + 1)])
def test_a_draft_that_is_no_form_is_refused(body):
    with pytest.raises(BadInput):
        parse_fields(body)


def test_a_draft_holds_text_only():
    assert parse_fields(json.dumps({"text": "a\x00b", "n": 3})) == {"text": "ab", "n": "3"}
    assert parse_fields(json.dumps({"text": "a\ud800b", "k\x00": 1})) == {"text": "ab", "k": "1"}
