"""AMI messages: `Key: value` lines up to an empty line. Pure.

Values may hold a caller's bytes in any encoding; they come as surrogates (PEP 383) and are never
interpreted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from rexian.kernel.errors import RexianError

MAX_LINE_BYTES = 16_384
MAX_LINES = 400

Message = Mapping[str, str]


class BadAction(RexianError):
    """A value of an AMI action holds a line end or a NUL and cannot be sent."""

    code = "ami_bad_action"


def message(lines: Iterable[bytes]) -> Message:
    """Return the fields of one message; of a key given twice the first counts."""
    fields: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(b":")
        if colon:
            name = key.decode("ascii", "replace")
            fields.setdefault(name, value.strip().decode("utf-8", "surrogateescape"))
    return fields


def action(name: str, action_id: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """Return the bytes of an action. Raises `BadAction` when a value would break its line."""
    lines = [("Action", name), ("ActionID", action_id), *fields]
    for key, value in lines:
        if any(end in value for end in "\r\n\0"):
            raise BadAction(field_name=key)
    text = "".join(f"{key}: {value}\r\n" for key, value in lines)
    return (text + "\r\n").encode("utf-8", "surrogateescape")


def at(event: Message) -> datetime | None:
    """Return the time Asterisk gave the event (`timestampevents=yes`), or None."""
    try:
        return datetime.fromtimestamp(float(event["Timestamp"]), UTC)
    except (KeyError, ValueError, OverflowError):
        return None
