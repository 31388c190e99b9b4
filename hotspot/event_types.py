"""What the log says about hotspots: the cases behind each are given by id."""

from __future__ import annotations

from rexian.kernel.event_types import EventType, declare, identifier, integer, many, pattern

DAY = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day")

TYPES = (
    EventType(
        "hotspot.raised",
        "hotspot",
        "a topic at a place became hot, over the window that ends with day",
        {
            "observed": integer(),
            "citizens": integer(),
            "cases": many(identifier()),
            "day": DAY,
        },
    ),
    EventType("hotspot.ended", "hotspot", "it is hot no more", {}),
)
declare(*TYPES)
