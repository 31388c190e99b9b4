"""What the log says about cases. The words of a case are in `case_texts`, here only their hashes."""

from __future__ import annotations

from cases.deadlines import Tier
from cases.model import Outcome, Verdict
from cases.words import Kind
from rexian.kernel.event_types import (
    EventType,
    boolean,
    declare,
    department,
    identifier,
    line,
    many,
    moment,
    nullable,
    one_of,
    pattern,
    seat,
    texts,
)

NUMBER = pattern("[0-9]{3,8}-[0-9]{8}-[0-9]{5}", "a case number")
CATEGORY = pattern("[0-9]{2}([0-9]{2}){0,2}", "a category's code")
TOWNSHIP = pattern("[0-9]{6}([0-9]{3})?", "a township's or district's division code")

TYPES = (
    EventType(
        "case.accepted",
        "case",
        "registered with its number (受理)",
        {
            "number": NUMBER,
            "tier": one_of(Tier),
            "line": line(),
            "kind": one_of(Kind),
            "category": CATEGORY,
            "township": nullable(TOWNSHIP),
            "confidential": boolean(),
            "citizen": nullable(identifier()),
            "contact": nullable(identifier()),
            "seat": nullable(seat()),
            "texts": texts("request", "address"),
        },
    ),
    EventType(
        "case.answered_directly",
        "case",
        "answered on the call, no dispatch (直办)",
        {"texts": texts("direct_answer")},
    ),
    EventType(
        "case.dispatched",
        "case",
        "sent to a department; the promise starts (派单)",
        {
            "lead": department(),
            "supports": many(department()),
            "tier": one_of(Tier),
            "due_at": moment(),
            "provisional": boolean(),
            "texts": texts("dispatch_note"),
        },
    ),
    EventType(
        "case.signed",
        "case",
        "taken by the department (签收)",
        {"department": department(), "texts": texts()},
    ),
    EventType(
        "case.replied",
        "case",
        "answered by the department (答复)",
        {
            "department": department(),
            "on_time": boolean(),
            "texts": texts("public_reply", "internal_note"),
        },
    ),
    EventType(
        "case.reviewed",
        "case",
        "the centre approved the reply or sent it back (审核)",
        {"verdict": one_of(Verdict), "texts": texts("review_comment")},
    ),
    EventType(
        "case.closed",
        "case",
        "finished (办结); on_time is null where nothing was promised",
        {"outcome": one_of(Outcome), "on_time": nullable(boolean()), "texts": texts()},
    ),
    EventType(
        "case.refused",
        "user",
        "a department asked for a case that is not its own; case is null where none exists",
        {"department": nullable(department()), "case": nullable(identifier())},
    ),
)
declare(*TYPES)
