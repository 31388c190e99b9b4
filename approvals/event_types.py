"""What the log says about approval results: never who applied or for what."""

from __future__ import annotations

from approvals.model import Result
from rexian.kernel.event_types import (
    EventType,
    declare,
    identifier,
    many,
    one_of,
    texts,
)

TYPES = (
    EventType(
        "approval.received",
        "approval",
        "a result came from the one-stop approval system",
        {
            "approval": identifier(),
            "result": one_of(Result),
            "channels": many(one_of(("sms", "fax", "mail"))),
            "texts": texts("matter", "note"),
        },
    ),
)
declare(*TYPES)
