"""The de-identified case as it goes out, version 1. Pure.

`exchange/schemas/case-1.json` is made from these classes (`python -m exchange.feed_format`), and
a test holds the two together. A field may be added within version 1; none changes its meaning.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from cases.facts import CaseFacts, Named
from rexian.kernel.deidentify import deidentify

SCHEMA = "urn:rexian:exchange:case:1"
_ANSWERED = frozenset({"approved", "closed"})
SCHEMA_FILE = Path(__file__).parent / "schemas" / "case-1.json"


def _says(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description)


class Coded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code and its Chinese name."""

    code: Annotated[str, _says("stable code")]
    name: Annotated[str, _says("Chinese name")]


class CaseItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One case without anything that tells who the citizen is."""

    id: Annotated[str, _says("UUID of the case; an item replaces the earlier one of its id")]
    number: Annotated[str, _says("case number 12345-YYYYMMDD-NNNNN")]
    state: Annotated[str, _says("accepted, dispatched, signed, replied, approved, closed")]
    kind: Annotated[str, _says("诉求类型: enquiry, help, complaint, report, suggestion, praise")]
    channel: Annotated[str, _says("voice, sms, web, email, fax, letter")]
    category: Annotated[tuple[Coded, ...], _says("事项分类, from the first level to the leaf")]
    district: Annotated[Coded | None, _says("district, county or city of the matter")]
    township: Annotated[Coded | None, _says("township of the matter: the finest place given out")]
    department: Annotated[Coded | None, _says("主办: the lead department")]
    withheld: Annotated[bool, _says("the citizen asked for confidentiality: texts are left out")]
    text: Annotated[str | None, _says("what the citizen wants, scrubbed of personal data")]
    reply: Annotated[str | None, _says("the public answer, scrubbed of personal data")]
    accepted_at: Annotated[datetime, _says("UTC")]
    dispatched_at: Annotated[datetime | None, _says("UTC; the promise starts here")]
    due_at: Annotated[datetime | None, _says("UTC; when the promise ends")]
    closed_at: Annotated[datetime | None, _says("UTC")]
    outcome: Annotated[str | None, _says("answered_directly or handled, once closed")]
    on_time: Annotated[bool | None, _says("whether the promise was kept, once closed")]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the feed."""

    schema: Annotated[str, _says("version of the items")] = SCHEMA
    items: Annotated[list[dict[str, Any]], _says("cases, oldest change first")]
    next: Annotated[str, _says("pass it as `after` to go on; unchanged at the end")]
    more: Annotated[bool, _says("whether more can be read at once")]


def case_item(case: CaseFacts) -> CaseItem:
    """De-identify `case`: no name, number or address; no text at all for confidential ones.

    The answer goes out once the centre has approved it.
    """
    words = case.citizen_words
    shown = not case.confidential
    answered = shown and case.answer and case.state in _ANSWERED
    return CaseItem(
        id=case.id,
        number=case.number,
        state=case.state,
        kind=case.kind,
        channel=case.channel,
        category=tuple(Coded(one.code, one.name) for one in case.category),
        district=_coded(case.district),
        township=_coded(case.township),
        department=_coded(case.lead),
        withheld=case.confidential,
        text=deidentify(case.request, words) if shown else None,
        reply=deidentify(case.answer, words) if answered else None,
        accepted_at=_utc(case.accepted_at),
        dispatched_at=_utc(case.dispatched_at) if case.dispatched_at else None,
        due_at=_utc(case.due_at) if case.due_at else None,
        closed_at=_utc(case.closed_at) if case.closed_at else None,
        outcome=case.outcome,
        on_time=case.on_time if case.closed_at else None,
    )


def document(case: CaseFacts) -> dict[str, Any]:
    """Return the item as plain JSON values."""
    built: dict[str, Any] = msgspec.to_builtins(case_item(case))
    return built


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an item."""
    made = msgspec.json.schema(CaseItem)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "去标识化工单 (de-identified case)",
        **made,
    }


def _coded(named: Named | None) -> Coded | None:
    return Coded(named.code, named.name) if named else None


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


if __name__ == "__main__":
    text = msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode()
    SCHEMA_FILE.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{SCHEMA_FILE}\n")
