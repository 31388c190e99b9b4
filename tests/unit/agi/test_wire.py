"""The bytes of AGI: what a caller sends can never become a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.wire import Answer, BadAnswer, BadCommand, answer, command, header, is_open, quote


@given(st.text())
def test_a_quoted_word_is_one_word_or_refused(word: str) -> None:
    if any(end in word for end in "\r\n\0"):
        with pytest.raises(BadCommand):
            quote(word)
        return
    assert unquoted(quote(word)) == word


def unquoted(text: str) -> str:
    """Read a quoted word the way res_agi's parse_args does."""
    assert text[0] == text[-1] == '"'
    out, escaped = "", False
    for letter in text[1:-1]:
        if not escaped and letter == "\\":
            escaped = True
            continue
        assert escaped or letter != '"'
        out, escaped = out + letter, False
    assert not escaped
    return out


def test_bytes_of_any_encoding_pass_through() -> None:
    raw = "王".encode("gbk")
    word = raw.decode("utf-8", "surrogateescape")
    assert raw in command("SET VARIABLE", "NAME", word)


def test_a_command_is_one_line() -> None:
    line = command("SET VARIABLE", "A", 'x" SYSTEM "id')
    assert line == b'SET VARIABLE "A" "x\\" SYSTEM \\"id"\n'
    assert command("WAIT FOR DIGIT", 5000) == b"WAIT FOR DIGIT 5000\n"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"200 result=0", Answer(200, 0, "")),
        (b"200 result=49 endpos=3200", Answer(200, 49, "endpos=3200")),
        (b"200 result=-1", Answer(200, -1, "")),
        (b"200 result=1 (speech)", Answer(200, 1, "(speech)")),
        (b"510 Invalid or unknown command", Answer(510, 0, "Invalid or unknown command")),
        (b"511 Command Not Permitted on a dead channel or intercept routine",
         Answer(511, 0, "Command Not Permitted on a dead channel or intercept routine")),
        (b"100 result=0 Trying...", Answer(100, 0, "Trying...")),
    ],
)  # fmt: skip
def test_answers(line: bytes, wanted: Answer) -> None:
    assert answer(line) == wanted


def test_a_key_is_its_character_code() -> None:
    assert answer(b"200 result=35 endpos=10").digit == "#"
    assert answer(b"200 result=0 endpos=10").digit == ""


@given(st.binary(max_size=200))
def test_nothing_else_is_an_answer(line: bytes) -> None:
    if not (len(line) > 3 and line[:3].isdigit() and line[3:4] in b" -"):
        with pytest.raises(BadAnswer):
            answer(line)


def test_a_value_of_two_lines_is_open_until_its_bracket() -> None:
    assert is_open(b"200 result=1 (first")
    assert not is_open(b"200 result=1 (first\nsecond)")
    assert not is_open(b"200 result=0 endpos=12")


def test_headers() -> None:
    assert header(b"agi_callerid: 139:1") == ("agi_callerid", "139:1")
    assert header(b"GET / HTTP/1.1") is None
    assert header("agi_calleridname: 王".encode("gbk")) is not None
