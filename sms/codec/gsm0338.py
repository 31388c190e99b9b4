"""The GSM 7-bit default alphabet, one septet an octet as SMPP carries it (3GPP TS 23.038 §6.2.1).

SMPP's `data_coding` 0 means "the SMSC's default alphabet"; every Chinese carrier takes this one.
"""

from __future__ import annotations

ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

_ENCODE: dict[str, bytes] = {
    **{char: bytes([code]) for code, char in enumerate(_BASIC) if code != ESCAPE},
    **{char: bytes([ESCAPE, code]) for code, char in _EXTENSION.items()},
}


def encodable(text: str) -> bool:
    """Whether every character is in the alphabet or its extension table."""
    return all(char in _ENCODE for char in text)


def width(char: str) -> int:
    """Septets that `char` takes: 1, or 2 from the extension table. Raises `KeyError` otherwise."""
    return len(_ENCODE[char])


def encode(text: str) -> bytes:
    """One septet an octet. Raises `UnicodeError` for a character outside the alphabet."""
    try:
        return b"".join(_ENCODE[char] for char in text)
    except KeyError as error:
        raise UnicodeError("not in the GSM default alphabet") from error


def decode(septets: bytes) -> str:
    """Text of unpacked septets; an unknown escape shows the basic character (§6.2.1.1).

    Octets above 0x7F are no septets and become U+FFFD.
    """
    out: list[str] = []
    escaped = False
    for octet in septets:
        if octet >= len(_BASIC):
            out.append("\ufffd")
        elif escaped:
            out.append(_EXTENSION.get(octet, _BASIC[octet]))
        elif octet == ESCAPE:
            escaped = True
            continue
        else:
            out.append(_BASIC[octet])
        escaped = False
    return "".join(out)
