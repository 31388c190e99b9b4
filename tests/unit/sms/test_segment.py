"""Cutting texts into parts: limits, boundaries, signature; and reading headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import consts, gsm

from rexian.kernel.errors import BadInput
from sms.codec import gsm0338
from sms.segment import (
    Concatenation,
    TextTooLong,
    clusters,
    decode_text,
    segment,
    sign,
    split_header,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("水" * 70, 1),
        ("水" * 71, 2),
        ("水" * 134, 2),
        ("水" * 135, 3),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
    ],
)
def test_limits(text: str, parts: int) -> None:
    got = segment(text, reference=1)
    assert len(got) == parts
    assert all(len(part.user_data) <= (160 if part.data_coding == 0 else 140) for part in got)


def test_concatenation_header() -> None:
    first, second = segment("水" * 80, reference=0x1FF)
    assert first.user_data[:6] == bytes([5, 0, 3, 0xFF, 2, 1])
    assert second.user_data[:6] == bytes([5, 0, 3, 0xFF, 2, 2])
    assert (first.esm_class, first.data_coding) == (0x40, 8)
    assert len(first.user_data) == 6 + 134


def test_smpplib_cuts_plain_chinese_alike() -> None:
    text = "关于您反映的供水问题，经核实已经处理完毕。" * 8
    theirs, coding, esm_class = gsm.make_parts(text, consts.SMPP_ENCODING_ISO10646)
    ours = segment(text, reference=theirs[0][3])
    assert [part.user_data for part in ours] == theirs
    assert {part.data_coding for part in ours} == {coding}
    assert {part.esm_class for part in ours} == {esm_class}


@pytest.mark.parametrize(
    "whole",
    ["\U00020b9f", "e\u0301", "👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "❤️", "辻\U000e0100"],
)
def test_nothing_a_reader_sees_as_one_is_torn(whole: str) -> None:
    for lead in range(60, 67):
        text = "水" * lead + whole + "水" * 30
        parts = segment(text, reference=1)
        assert len(parts) == 2
        assert "".join(part.text for part in parts) == text
        assert sum(whole in part.text for part in parts) == 1


def test_an_escape_sequence_is_not_torn() -> None:
    parts = segment("a" * 152 + "€" + "b" * 20, reference=1)
    assert [part.text for part in parts] == ["a" * 152, "€" + "b" * 20]


def test_a_tower_of_marks_is_cut_where_it_must() -> None:
    text = "水" + "\u0301" * 200
    assert "".join(part.text for part in segment(text, reference=1)) == text


def test_too_long_and_empty() -> None:
    with pytest.raises(TextTooLong) as caught:
        segment("水" * 671, reference=1)
    assert caught.value.details == {"parts": 11, "most": 10}
    with pytest.raises(BadInput):
        segment("", reference=1)


def test_signature_stands_once_at_the_start() -> None:
    assert sign("您的工单已办结。", "贵阳12345") == "【贵阳12345】您的工单已办结。"
    assert sign("【贵阳12345】已办结", "贵阳12345") == "【贵阳12345】已办结"
    assert sign("见【附件】", "贵阳12345") == "【贵阳12345】见〔附件〕"


@given(st.text(min_size=1, max_size=600), st.integers(0, 1000))
def test_parts_put_together_are_the_text(text: str, reference: int) -> None:
    parts = segment(text, reference=reference, most=255)
    got = ""
    for part in parts:
        found, body = split_header(part.user_data, part.esm_class)
        assert (found is None) == (len(parts) == 1)
        if found is not None:
            assert found == Concatenation(reference % 256, len(parts), part.number)
        got += decode_text(body, part.data_coding)
    assert got == "".join("?" if "\ud800" <= char <= "\udfff" else char for char in text)


@given(st.text(max_size=200))
def test_clusters_lose_nothing(text: str) -> None:
    assert "".join(clusters(text)) == text


@given(st.binary(max_size=160), st.integers(0, 255))
def test_any_header_is_read_or_left(data: bytes, esm_class: int) -> None:
    found, rest = split_header(data, esm_class)
    assert data.endswith(rest)
    if found is not None:
        assert 1 <= found.number <= found.total


def test_sixteen_bit_reference_and_foreign_headers() -> None:
    header = bytes([11, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 8, 4, 0x12]) + bytes([0x34, 3])
    assert split_header(header + b"\x02text"[:0] + b"x", 0x40) == (None, b"x")
    whole = bytes([12, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 8, 4, 0x12, 0x34, 3, 2])
    assert split_header(whole + b"text", 0x40) == (Concatenation(0x1234, 3, 2), b"text")


def test_gsm_alphabet_against_smpplib() -> None:
    text = "Hello @£$ 12345 [Guiyang] {ok} ~ € ÄÖÜ §"
    for char in text:
        if char not in "§^":  # smpplib maps § to a backquote
            assert gsm0338.encode(char) == gsm.gsm_encode(char), char
    assert gsm0338.decode(gsm0338.encode(text)) == text
    assert gsm0338.decode(b"\x80\x1b\x1b") == "\ufffd\x1b"
    with pytest.raises(UnicodeError):
        gsm0338.encode("水")


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("水".encode("utf-16-be"), 8, "水"),
        ("水".encode("gbk"), 15, "水"),
        (b"caf\xe9", 3, "café"),
        (b"ok\xff", 1, "ok\ufffd"),
        (b"\x4f", 8, "\ufffd"),
    ],
)
def test_texts_of_other_peoples_phones(octets: bytes, coding: int, text: str) -> None:
    assert decode_text(octets, coding) == text
