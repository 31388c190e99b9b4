"""From the events of a case to what analysis knows of it. Pure: live and replay share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from hotspot.model import CaseFact

TYPES = ("case.accepted", "case.closed")
"""Events that change a fact."""


class Subject(Protocol):
    """What an event is about; `rexian.kernel.events.Subject` is one."""

    @property
    def id(self) -> str:
        """Id of the case."""


class Event(Protocol):
    """The part of an event that is looked at; `rexian.kernel.events.Event` is one."""

    @property
    def type(self) -> str:
        """One of TYPES; others change nothing."""

    @property
    def subject(self) -> Subject:
        """The case."""

    @property
    def at(self) -> datetime:
        """When it happened (aware)."""

    @property
    def payload(self) -> Mapping[str, Any]:
        """Codes and ids."""


def after(fact: CaseFact | None, event: Event) -> CaseFact | None:
    """Return the fact after `event`, or None while the case has not been accepted.

    Seeing an event twice changes nothing.
    """
    if event.type == "case.accepted":
        payload = event.payload
        return CaseFact(
            id=event.subject.id,
            number=str(payload["number"]),
            category=str(payload["category"]),
            place=str(payload.get("township") or ""),
            citizen=payload.get("citizen"),
            accepted_at=event.at,
            closed_at=fact.closed_at if fact else None,
        )
    if fact is not None and event.type == "case.closed":
        return replace(fact, closed_at=event.at)
    return fact


def replayed(events: Iterable[Event]) -> list[CaseFact]:
    """Return the facts that the events, in their order, tell."""
    facts: dict[str, CaseFact] = {}
    for event in events:
        fact = after(facts.get(event.subject.id), event)
        if fact is not None:
            facts[event.subject.id] = fact
    return list(facts.values())
