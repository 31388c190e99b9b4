import json
import logging

import pytest
import structlog

from rexian.kernel.logs import REMOVED, configure, scrub_text, scrub_value


@pytest.fixture
def restored_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "number",
    [
        "13985550123",
        "139 8555 0123",
        "+8613985550123",
        "008613985550123",
        "0851-85550123",
        "085185550123",
        "+8685185550123",
        "85550123",
        "010-65001234",
        "520102199001011234",
        "52010219900101123X",
    ],
)
def test_numbers_of_people_are_removed(number):
    assert scrub_text(f"caller {number} hung up") == f"caller {REMOVED} hung up"
    assert number not in scrub_text(f"来电{number}，挂断")


@pytest.mark.parametrize(
    "harmless",
    [
        "0193a1b2-7c3d-7000-8000-013985550123",
        "12345-20261121-00001",
        "2026-11-21T21:10:36.123456Z",
        "1763757600.12",
        "127.0.0.1:54345",
        "20261121",
        "seat 1012 queue 96796",
        "epoch 1.743.88",
    ],
)
def test_ids_dates_and_codes_stay(harmless):
    assert scrub_text(harmless) == harmless


def test_the_row_a_database_error_repeats_is_removed():
    error = "null value in column\nDETAIL:  Failing row contains (1, 王示例, 某路 1 号).\nHINT: x"
    assert scrub_text(error) == f"null value in column\nDETAIL: {REMOVED}\nHINT: x"


def test_private_fields_go_whatever_they_hold():
    value = scrub_value({"phone": "x", "case": "c-1", "more": [{"address": "某路 1 号"}]})
    assert value == {"phone": REMOVED, "case": "c-1", "more": [{"address": REMOVED}]}
    assert scrub_value(13985550123) == REMOVED
    assert scrub_value(123) == 123


def test_lines_are_json_with_the_process_and_without_numbers(capsys, restored_logging):
    configure(None, "worker")
    structlog.get_logger("rexian").info("sms.sent", message_id="m-1", note="to 13985550123")
    logging.getLogger("library").warning("bad number %s", "0851-85550123")
    try:
        int("no route to 13985550123")
    except ValueError:
        structlog.get_logger("rexian").exception("call.failed")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["sms.sent", f"bad number {REMOVED}", "call.failed"]
    assert all(line["process"] == "worker" for line in lines)
    assert lines[0]["message_id"] == "m-1"
    assert "13985550123" not in json.dumps(lines)
    assert "ValueError" in lines[2]["exception"]
