"""The hash chain of the event log: the one text form of a value, and what a row's hash covers. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

GENESIS = b""
"""What the first row of a chain follows."""


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces. Raises `ValueError` on floats."""
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("events hold no floats: keep the number as an integer or as text")  # noqa: TRY004 - a value, not a type error of the caller
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list | tuple):
        for child in children:
            _refuse_floats(child)


def chain_hash(
    prev: bytes,
    place: tuple[int, int, int, str, str, int],
    fact: tuple[str, int, datetime, str, dict[str, Any]],
) -> bytes:
    """SHA-256 over the previous hash, the row's place and the fact it states."""
    type_, version, at, actor, payload = fact
    words = canonical(
        [*place, type_, version, at.astimezone(UTC).isoformat(timespec="microseconds"), actor]
    )
    return hashlib.sha256(b"\n".join((prev, words.encode(), canonical(payload).encode()))).digest()
