"""What the log says about contacts and citizens: ids, lines and outcomes; numbers stay outside."""

from __future__ import annotations

from rexian.kernel.event_types import (
    EventType,
    code,
    declare,
    identifier,
    integer,
    line,
    one_of,
    seat,
    sha256,
    text_digest,
)

CHANNEL = one_of(("voice", "sms", "web", "email", "fax", "letter"))

TYPES = (
    EventType(
        "contact.started",
        "contact",
        "a caller reached one of our lines",
        {"channel": CHANNEL, "line": line()},
    ),
    EventType(
        "contact.answered", "contact", "a person at a seat answered the call", {"seat": seat()}
    ),
    EventType("contact.ended", "contact", "the call is over", {"outcome": code()}),
    EventType(
        "contact.received",
        "contact",
        "a written contact came in",
        {"channel": CHANNEL, "line": line(), "text": text_digest()},
    ),
    EventType(
        "contact.recorded",
        "contact",
        "the recording of the call is complete",
        {"recording": identifier(), "milliseconds": integer(), "sha256": sha256()},
    ),
    EventType(
        "recording.opened",
        "contact",
        "somebody opened the recording, for the reason given",
        {"recording": identifier(), "reason": text_digest()},
    ),
    EventType("citizen.updated", "citizen", "name or address of the citizen was written down", {}),
)
declare(*TYPES)
