"""From what the lifecycle decided to what is written: log events, texts, columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.discretion import masked, without
from cases.model import (
    Accepted,
    AnsweredDirectly,
    Case,
    Closed,
    Dispatched,
    Event,
    Replied,
    Reviewed,
    Signed,
)
from contacts.queries import own_words
from rexian.kernel import events
from rexian.kernel.actor import Actor
from rexian.kernel.events import NewEvent, Subject
from rexian.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Record:
    """One log event and the texts (kind → body) that its payload holds only hashes of."""

    type: str
    payload: dict[str, Any]
    texts: dict[str, str]


def of_event(event: Event, facts: Mapping[str, Any]) -> Record:
    """Give the record of a lifecycle event; `facts` are the intake's, for `Accepted`."""
    match event:
        case Accepted():
            record = Record(
                "case.accepted",
                {"number": event.number, "tier": event.tier.value, **facts},
                {},
            )
        case AnsweredDirectly():
            record = Record("case.answered_directly", {}, {"direct_answer": event.answer})
        case Dispatched():
            record = Record(
                "case.dispatched",
                {
                    "lead": event.lead,
                    "supports": list(event.supports),
                    "tier": event.tier.value,
                    "due_at": event.due_at.isoformat(),
                    "provisional": event.provisional,
                },
                {"dispatch_note": event.note},
            )
        case Signed():
            record = Record("case.signed", {"department": event.department}, {})
        case Replied():
            record = Record(
                "case.replied",
                {"department": event.department, "on_time": event.on_time},
                {"public_reply": event.public, "internal_note": event.internal},
            )
        case Reviewed():
            record = Record(
                "case.reviewed",
                {"verdict": event.verdict.value},
                {"review_comment": event.comment},
            )
        case Closed():
            payload = {"outcome": event.outcome.value, "on_time": event.on_time}
            record = Record("case.closed", payload, {})
    return record


async def write(
    tx: AsyncConnection, case: Case, decided: list[Event], actor: Actor, facts: Mapping[str, Any]
) -> None:
    """Write texts and append the log events of `decided`, in one transaction with the change.

    `facts["texts"]`, when given, are the texts of the intake.
    """
    intake = dict(facts)
    given: dict[str, str] = intake.pop("texts", {})
    appended: list[NewEvent] = []
    own = await _hidden_words(tx, case.id)
    for event in decided:
        record = of_event(event, intake)
        texts = {**(given if isinstance(event, Accepted) else {}), **record.texts}
        hashes = {}
        for kind, body in texts.items():
            if body:
                hashes[kind] = await events.text_hash(tx, body)
                await _write_text(tx, case.id, (kind, body), own, event, actor)
        appended.append(NewEvent(record.type, {**record.payload, "texts": hashes}))
    at = decided[-1].at
    await events.append(tx, Subject("case", case.id), appended, actor=actor, at=at)


async def mask_again(tx: AsyncConnection, citizen_id: str) -> None:
    """Mask more in a citizen's confidential cases: more may be known of him now.

    What was masked stays so: the name he gave before is his too.
    """
    own = await own_words(tx, citizen_id)
    cases = await tx.execute(
        text("SELECT id, title FROM cases WHERE citizen_id = :id AND confidential"),
        {"id": citizen_id},
    )
    for case in cases.all():
        await tx.execute(
            text("UPDATE cases SET title = :title WHERE id = :id AND title <> :title"),
            {"id": case.id, "title": without(case.title, own)},
        )
        texts = await tx.execute(
            text(
                "SELECT id, kind, coalesce(masked, body) AS body FROM case_texts"
                " WHERE case_id = :id AND erased_at IS NULL"
            ),
            {"id": case.id},
        )
        for one in texts.all():
            await tx.execute(
                text("UPDATE case_texts SET masked = :masked WHERE id = :id"),
                {"id": one.id, "masked": masked(one.kind, one.body, own)},
            )


async def _hidden_words(tx: AsyncConnection, case_id: str) -> tuple[str, ...] | None:
    """Give what must not be read in the texts of a confidential case; None for an open one."""
    found = await tx.execute(
        text("SELECT citizen_id FROM cases WHERE id = :id AND confidential"), {"id": case_id}
    )
    row = found.one_or_none()
    return None if row is None else await own_words(tx, row.citizen_id)


async def _write_text(
    tx: AsyncConnection,
    case_id: str,
    words: tuple[str, str],
    own: tuple[str, ...] | None,
    event: Event,
    actor: Actor,
) -> None:
    kind, body = words
    await tx.execute(
        text("""
            INSERT INTO case_texts (id, case_id, kind, body, masked, written_at, written_by)
            VALUES (:id, :case, :kind, :body, :masked, :at, :by)
        """),
        {
            "id": new_id(),
            "case": case_id,
            "kind": kind,
            "body": body,
            "masked": None if own is None else masked(kind, body, own),
            "at": event.at,
            "by": actor.id,
        },
    )
