"""Numbers and dates as Chinese says them; texts that can be spoken."""

import pytest

from ivr import wording
from ivr.schema import BadMenu
from ivr.texts import texts
from ivr.types import Piece

SPOKEN = {f"digit-{n}": mark for n, mark in enumerate("零一二三四五六七八九")} | {
    "ten": "十",
    "month": "月",
    "day": "日",
}


def said(prompts: list[str]) -> str:
    return "".join(SPOKEN[prompt] for prompt in prompts)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "零"), (7, "七"), (10, "十"), (12, "十二"), (20, "二十"), (99, "九十九"), (120, "一二零")],
)
def test_numbers(value, text):
    assert said(wording.number(value)) == text


def test_dates():
    assert said(wording.spoken_date("2026-11-21T08:00:00+00:00")) == "十一月二十一日"
    assert said(wording.spoken_date("2026-05-01")) == "五月一日"
    assert wording.spoken_date("soon") == []


def test_a_sentence_leaves_out_what_is_not_known():
    pieces = (Piece("date", "due", otherwise="soon"), Piece("digits", "gone"), Piece("prompt", "x"))
    assert wording.sentence(pieces, {}) == ("soon", "x")


def test_every_prompt_the_wording_uses_has_a_text():
    assert wording.spoken_prompts() <= set(texts())


def test_a_text_with_western_digits_is_refused(tmp_path):
    file = tmp_path / "prompts.yaml"
    file.write_text("format: 1\nmenus:\n  hello: 请按1\n", encoding="utf-8")
    with pytest.raises(BadMenu):
        texts(file)
