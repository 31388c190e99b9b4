"""What the log says about files from the in-box."""

from __future__ import annotations

from rexian.kernel.event_types import EventType, declare, identifier, integer, sha256

_FILE = {
    "file": identifier(),
    "sha256": sha256(),
    "taken": integer(),
    "known": integer(),
    "refused": integer(),
}

TYPES = (
    EventType("exchange.file_taken", "exchange_file", "every record of the file was taken", _FILE),
    EventType(
        "exchange.file_partly", "exchange_file", "some records were taken, some refused", _FILE
    ),
    EventType(
        "exchange.file_rejected", "exchange_file", "nothing in the file could be taken", _FILE
    ),
)
declare(*TYPES)
