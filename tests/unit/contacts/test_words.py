"""Hostile names and numbers are made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.words import clean_body, clean_name, clean_number


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("王示例", "王示例"),
        ("${SHELL(id)}", "SHELL(id)"),
        ("a\"b'c`d", "abcd"),
        ("one\r\ntwo\x00three", "one two three"),
        ("王" * 500, "王" * 40),
        ("王示例".encode("gbk").decode("utf-8", "surrogateescape"), ""),
        ("\u202egnp.exe", "gnp.exe"),
        ("<script>alert(1)</script>", "scriptalert(1)/script"),
    ],
)
def test_names(raw: str, clean: str) -> None:
    cleaned = clean_name(raw)
    if not clean:
        assert "\udcff" not in cleaned
        cleaned.encode("utf-8")
        return
    assert cleaned == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("13985550123", "13985550123"),
        ("+86 139-8555-0123", "+8613985550123"),
        ("anonymous", "anonymous"),
        ("${EXTEN}", "EXTEN"),
        ("1" * 500, "1" * 32),
        ("１３９", "139"),
    ],
)
def test_numbers(raw: str, clean: str) -> None:
    assert clean_number(raw) == clean


@given(
    st.text(max_size=600)
    | st.binary(max_size=600).map(lambda b: b.decode("utf-8", "surrogateescape"))
)
def test_whatever_comes_can_be_stored_and_shown(raw: str) -> None:
    for cleaned in (clean_name(raw), clean_number(raw), clean_body(raw)):
        cleaned.encode("utf-8")
        assert "\x00" not in cleaned
    assert len(clean_name(raw)) <= 40
    assert not set(clean_name(raw)) & set("\"'`$\\{}<>|;&\n\r")
