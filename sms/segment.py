"""One text as the parts a phone puts together again: alphabet, signature, UDH concatenation.

A part holds 140 octets of user data: 160 septets or 70 UCS-2 units alone, 153 or 67 with the
6-octet concatenation header (3GPP TS 23.040 §9.2.3.24.1, 8-bit reference). A part never ends
inside a surrogate pair, an escape sequence, or a base character with its combining marks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rexian.kernel.errors import BadInput
from sms.codec import gsm0338
from sms.codec.smpp_constants import (
    DATA_CODING_ASCII,
    DATA_CODING_DEFAULT,
    DATA_CODING_LATIN1,
    DATA_CODING_UCS2,
    ESM_CLASS_UDHI,
    Tag,
)
from sms.codec.smpp_message import DeliverSm

Alphabet = Literal["gsm", "ucs2"]

#: Units (septets or UTF-16 units) in a lone message and in a part of several.
ALONE: dict[Alphabet, int] = {"gsm": 160, "ucs2": 70}
OF_MANY: dict[Alphabet, int] = {"gsm": 153, "ucs2": 67}
#: Carriers refuse or truncate longer texts; 10 parts are 670 Chinese characters.
MAX_PARTS = 10

_CONCAT_8, _CONCAT_8_LENGTH = 0x00, 3
_CONCAT_16, _CONCAT_16_LENGTH = 0x08, 4
_ZWJ = "\u200d"


class TextTooLong(BadInput):
    """The text needs more parts than the carrier takes."""

    code = "sms_too_long"
    default_sentence = "短信太长，请缩短后再发。"


@dataclass(frozen=True, slots=True)
class Part:
    """One submit: `user_data` starts with the header when `esm_class` says so."""

    number: int
    total: int
    user_data: bytes
    text: str
    data_coding: int
    esm_class: int


@dataclass(frozen=True, slots=True)
class Concatenation:
    """What a user data header says of the parts: reference, how many, which one (from 1)."""

    reference: int
    total: int
    number: int


def sign(text: str, signature: str) -> str:
    """`text` with 【signature】 once, at its start, as the Chinese carriers' rule asks.

    A signature already there stays single, and other 【】 become 〔〕: a gateway would take them
    for a second signature and refuse the message.
    """
    mark = f"【{signature}】"
    body = text.strip()
    if body.startswith(mark):
        body = body.removeprefix(mark).lstrip()
    return mark + body.replace("【", "〔").replace("】", "〕")


def segment(text: str, *, reference: int, most: int = MAX_PARTS) -> tuple[Part, ...]:
    """The parts of `text`; `reference` (any integer, taken modulo 256) ties them together.

    Raises `TextTooLong` beyond `most` parts and `BadInput` for an empty text.
    """
    if not text:
        raise BadInput("短信内容不能为空。", field="text")
    alphabet: Alphabet = "gsm" if gsm0338.encodable(text) else "ucs2"
    pieces = [text]
    if _width(text, alphabet) > ALONE[alphabet]:
        pieces = list(_pieces(text, alphabet, OF_MANY[alphabet]))
    if len(pieces) > most:
        raise TextTooLong(parts=len(pieces), most=most)
    many = len(pieces) > 1
    return tuple(
        Part(
            number=number,
            total=len(pieces),
            user_data=(_header(reference, len(pieces), number) if many else b"")
            + _encode(piece, alphabet),
            text=piece,
            data_coding=DATA_CODING_DEFAULT if alphabet == "gsm" else DATA_CODING_UCS2,
            esm_class=ESM_CLASS_UDHI if many else 0,
        )
        for number, piece in enumerate(pieces, start=1)
    )


def split_header(user_data: bytes, esm_class: int) -> tuple[Concatenation | None, bytes]:
    """The concatenation header, if any, and the octets after all headers.

    Headers of other kinds are passed over; a header longer than the data is taken for text.
    """
    if not esm_class & ESM_CLASS_UDHI or not user_data or user_data[0] >= len(user_data):
        return None, user_data
    end = 1 + user_data[0]
    header, rest = user_data[1:end], user_data[end:]
    at = 0
    while at + 2 <= len(header):
        kind, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        at += 2 + length
        if len(value) != length:
            break
        found = _concatenation(kind, value)
        if found is not None:
            return found, rest
    return None, rest


def split_message(pdu: DeliverSm) -> tuple[Concatenation | None, bytes]:
    """Which part of which long text `pdu` is, and the octets of its text.

    By the user data header, or by the TLVs sar_msg_ref_num, sar_total_segments and
    sar_segment_seqnum (SMPP 3.4 §5.3.2.22-24), which count only when all three are there.
    """
    found, octets = split_header(pdu.payload, pdu.esm_class)
    tags = (Tag.sar_msg_ref_num, Tag.sar_total_segments, Tag.sar_segment_seqnum)
    reference, total, number = (pdu.tlv(tag) for tag in tags)
    if found is None and reference and total and number and 1 <= number.number <= total.number:
        found = Concatenation(reference.number, total.number, number.number)
    return found, octets


def decode_text(octets: bytes, data_coding: int) -> str:
    """Text of user data without its header; what cannot be read becomes U+FFFD."""
    if data_coding == DATA_CODING_UCS2:
        return octets.decode("utf-16-be", "replace")
    if data_coding == DATA_CODING_LATIN1:
        return octets.decode("latin-1")
    if data_coding == DATA_CODING_ASCII:
        return octets.decode("ascii", "replace")
    if data_coding == DATA_CODING_DEFAULT:
        return gsm0338.decode(octets)
    return octets.decode("gb18030", "replace")  # 15 and the like: GBK, as CMPP gateways send it


def clusters(text: str) -> Iterator[str]:
    """Runs of characters that a reader sees as one and that must not be torn apart."""
    run = ""
    for char in text:
        if run and not _belongs(run, char):
            yield run
            run = ""
        run += char
    if run:
        yield run


def _belongs(run: str, char: str) -> bool:
    last = run[-1]
    if unicodedata.category(char).startswith("M") or _ZWJ in {char, last}:
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    return len(run) == 1 and _is_flag(last) and _is_flag(char)


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _pieces(text: str, alphabet: Alphabet, room: int) -> Iterator[str]:
    piece, used = "", 0
    for cluster in clusters(text):
        wide = _width(cluster, alphabet)
        for unit in [cluster] if wide <= room else cluster:
            need = _width(unit, alphabet)
            if used + need > room:
                yield piece
                piece, used = "", 0
            piece += unit
            used += need
    if piece:
        yield piece


def _width(text: str, alphabet: Alphabet) -> int:
    if alphabet == "gsm":
        return sum(gsm0338.width(char) for char in text)
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)  # noqa: PLR2004  (end of the BMP)


def _encode(text: str, alphabet: Alphabet) -> bytes:
    if alphabet == "gsm":
        return gsm0338.encode(text)
    return text.encode("utf-16-be", "replace")


def _header(reference: int, total: int, number: int) -> bytes:
    return bytes([5, _CONCAT_8, _CONCAT_8_LENGTH, reference % 256, total, number])


def _concatenation(kind: int, value: bytes) -> Concatenation | None:
    if kind == _CONCAT_8 and len(value) == _CONCAT_8_LENGTH:
        reference, total, number = value
    elif kind == _CONCAT_16 and len(value) == _CONCAT_16_LENGTH:
        reference, total, number = value[0] << 8 | value[1], value[2], value[3]
    else:
        return None
    return Concatenation(reference, total, number) if 1 <= number <= total else None
