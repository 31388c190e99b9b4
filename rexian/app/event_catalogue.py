"""All event types of all rooms, and the page docs/reference/events.md made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import approvals.event_types
import cases.event_types
import contacts.event_types
import directory.event_types
import exchange.event_types
import hotspot.event_types
import knowledge.event_types
import outbound.event_types
from rexian.kernel.event_types import EventType

ROOMS: Mapping[str, tuple[EventType, ...]] = {
    "cases": cases.event_types.TYPES,
    "contacts": contacts.event_types.TYPES,
    "approvals": approvals.event_types.TYPES,
    "outbound": outbound.event_types.TYPES,
    "exchange": exchange.event_types.TYPES,
    "hotspot": hotspot.event_types.TYPES,
    "knowledge": knowledge.event_types.TYPES,
    "directory": directory.event_types.TYPES,
}

_HEAD = """# Events

Generated from the rooms' `event_types.py` by `make docs`; do not edit.

Every change appends one of these to the event log, in the same transaction. What is not declared
here, or does not fit, is refused when it is appended, and the change with it. No field takes free
text: texts are there as salted hashes, people as ids. A reader may see an event twice.
How the log is ordered and read: [ADR 2](../adr/0002-event-log-order.md).
"""


def page() -> str:
    """The reference of all event types, room by room."""
    lines = [_HEAD]
    for room, types in ROOMS.items():
        lines += [f"## {room}/", "", "| event | about | meaning | payload |", "|---|---|---|---|"]
        lines += [_row(one) for one in types]
        lines.append("")
    return "\n".join(lines)


def _row(one: EventType) -> str:
    payload = _fields(one.schema) or "–"
    return f"| `{one.name}` v{one.version} | {one.subject} | {one.meaning} | {payload} |"


def _fields(schema: Mapping[str, Any]) -> str:
    needed = schema["required"]
    return "; ".join(
        f"`{name}`{'' if name in needed else ' (optional)'}: {_words(inner)}"
        for name, inner in schema["properties"].items()
    )


def _words(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if "anyOf" in schema:
        return f"{_words(schema['anyOf'][0])}, or null"
    match schema["type"]:
        case "object":
            kinds = ", ".join(schema["properties"])
            return f"hashes of {kinds}" if kinds else "nothing"
        case "array":
            return f"list of {_words(schema['items'])}"
        case "string":
            return str(schema["description"])
        case kind:
            return {"integer": "a whole number", "boolean": "true or false"}[str(kind)]
