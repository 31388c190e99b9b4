"""Event types that only the kernel's own tests write."""

from __future__ import annotations

from rexian.kernel.event_types import EventType, declare, integer, one_of, optional

NAMES = (
    "one",
    "two",
    "three",
    "before",
    "late",
    "lost",
    "old",
    "new",
    "bad",
    "unread",
    "quick",
    "other",
)
PAYLOAD = {"n": optional(integer()), "字": optional(one_of(["水"]))}

for name in (*NAMES, *(f"old-{n}" for n in range(30))):
    declare(EventType(name, "case", "written by tests of the event log", PAYLOAD))
