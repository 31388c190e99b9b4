"""Drafts: what somebody has typed and not yet sent, kept in the database for that person alone.

A draft's place is the contact it belongs to, `new`, or `reply-<case id>`. Drafts hold citizens'
words, so nobody else reads them, and they go when the form was taken or after a week.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.actor import Actor
from rexian.kernel.errors import BadInput

KEPT_FOR = timedelta(days=7)
LONGEST_PLACE = 80
#: Far above the limit of a case's text: a draft that is too long to send is still kept.
LONGEST_FIELDS = 1_500_000
START = 40
LISTED = 6


@dataclass(frozen=True, slots=True)
class Draft:
    """Typed fields (name → text), when they were saved, and where they belong."""

    place: str
    fields: dict[str, str]
    saved_at: datetime

    @property
    def start(self) -> str:
        """The first characters of the text, for a list."""
        return self.fields.get("text", "")[:START]


def parse_fields(body: str) -> dict[str, str]:
    """Read the fields a browser sent as a JSON object. Raises `BadInput`."""
    if len(body) > LONGEST_FIELDS:
        raise BadInput("草稿过长，没有存到服务器；内容仍保留在本机。", field="fields")
    try:
        fields = json.loads(body)
    except ValueError as error:
        raise BadInput("草稿无法读取。", field="fields") from error
    if not isinstance(fields, dict):
        raise BadInput("草稿无法读取。", field="fields")
    return {_storable(name): _storable(value) for name, value in fields.items()}


def _storable(value: Any) -> str:
    """Text without what UTF-8 or PostgreSQL cannot hold: halves of surrogate pairs, NUL."""
    return str(value).encode("utf-8", "ignore").decode("utf-8").replace("\x00", "")


async def save(
    tx: AsyncConnection, actor: Actor, place: str, fields: dict[str, str], at: datetime
) -> None:
    """Keep the fields; empty fields drop the draft. Raises `BadInput` for an impossible place."""
    if not 0 < len(place) <= LONGEST_PLACE:
        raise BadInput("草稿没有说明属于哪里。", field="place")
    if not any(fields.get(name, "").strip() for name in fields if name != "kind"):
        await drop(tx, actor, place)
        return
    await tx.execute(
        text("""
            INSERT INTO desk_drafts (user_id, place, body, saved_at)
            VALUES (:user, :place, CAST(:body AS jsonb), :at)
            ON CONFLICT (user_id, place) DO UPDATE
            SET body = excluded.body, saved_at = excluded.saved_at
        """),
        {
            "user": actor.id,
            "place": place,
            "body": json.dumps(fields, ensure_ascii=False),
            "at": at,
        },
    )
    await tx.execute(text("DELETE FROM desk_drafts WHERE saved_at < :old"), {"old": at - KEPT_FOR})


async def load(tx: AsyncConnection, actor: Actor, place: str) -> Draft | None:
    """Return the person's draft of that place, or None."""
    found = await tx.execute(
        text("SELECT place, body, saved_at FROM desk_drafts WHERE user_id = :u AND place = :p"),
        {"u": actor.id, "p": place},
    )
    row = found.one_or_none()
    return Draft(*row) if row else None


async def drop(tx: AsyncConnection, actor: Actor, place: str) -> None:
    """Forget a draft whose form was taken."""
    await tx.execute(
        text("DELETE FROM desk_drafts WHERE user_id = :u AND place = :p"),
        {"u": actor.id, "p": place},
    )


async def unfinished(tx: AsyncConnection, actor: Actor, *, besides: str) -> list[Draft]:
    """Return the person's other drafts of cases, newest first."""
    found = await tx.execute(
        text("""
            SELECT place, body, saved_at FROM desk_drafts
            WHERE user_id = :u AND place <> :besides AND place NOT LIKE 'reply-%'
            ORDER BY saved_at DESC LIMIT :n
        """),
        {"u": actor.id, "besides": besides, "n": LISTED},
    )
    return [Draft(*row) for row in found]
