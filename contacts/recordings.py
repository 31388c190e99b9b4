"""Recordings: opened only by who may hear them, after a reason, and every opening is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel import events
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import BadInput, Forbidden, NotFound
from rexian.kernel.ids import new_id

OPEN_FOR = timedelta(minutes=30)
SHORTEST_REASON, LONGEST_REASON = 4, 200


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded call: `file` is a name inside var/recordings, length in milliseconds."""

    id: str
    contact_id: str
    file: str
    started_at: datetime
    milliseconds: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody opened a recording, why and when; it stays open until `expires_at`."""

    id: str
    actor: str
    reason: str
    at: datetime
    expires_at: datetime


async def add(
    tx: AsyncConnection,
    contact_id: str,
    *,
    file: str,
    started_at: datetime,
    milliseconds: int,
    size: int,
    sha256: str,
    at: datetime,
) -> str:
    """Note a finished recording (size in bytes); the same file noted twice is one. Returns its id.

    The contact must exist.
    """
    made = await tx.execute(
        text("""
            INSERT INTO recordings
                (id, contact_id, file, started_at, milliseconds, bytes, sha256)
            VALUES (:id, :contact, :file, :started, :ms, :size, :sha256)
            ON CONFLICT (file) DO NOTHING RETURNING id
        """),
        {
            "id": new_id(),
            "contact": contact_id,
            "file": file,
            "started": started_at,
            "ms": milliseconds,
            "size": size,
            "sha256": sha256,
        },
    )
    recording = made.scalar_one_or_none()
    if recording is None:
        found = await tx.execute(text("SELECT id FROM recordings WHERE file = :f"), {"f": file})
        return str(found.scalar_one())
    payload = {"recording": recording, "milliseconds": milliseconds, "sha256": sha256}
    await events.append(
        tx,
        events.Subject("contact", contact_id),
        [events.NewEvent("contact.recorded", payload)],
        actor=Actor.system("calls"),
        at=at,
    )
    return str(recording)


async def of_contact(tx: AsyncConnection, contact_id: str, actor: Actor) -> list[Recording]:
    """Return a contact's recordings (not their sound). Raises `Forbidden`."""
    require(actor, Permission.READ_CITIZENS)
    found = await tx.execute(
        text("""
            SELECT id, contact_id, file, started_at, milliseconds, bytes, sha256
            FROM recordings WHERE contact_id = :contact AND erased_at IS NULL ORDER BY started_at
        """),
        {"contact": contact_id},
    )
    return [Recording(*row) for row in found]


async def open_for(
    tx: AsyncConnection, recording_id: str, actor: Actor, reason: str, at: datetime
) -> Opening:
    """Open a recording for 30 minutes and keep who, when and why.

    Raises `Forbidden`, `NotFound`, or `BadInput` at the field `reason`.
    """
    require(actor, Permission.PLAY_RECORDINGS)
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise BadInput("请写明调听原因（至少 4 个字），原因会记入审计。", field="reason")
    if len(reason) > LONGEST_REASON:
        raise BadInput(f"调听原因最多 {LONGEST_REASON} 个字。", field="reason")
    recording = await _get(tx, recording_id)
    opening = Opening(new_id(), actor.id, reason, at, at + OPEN_FOR)
    await tx.execute(
        text("""
            INSERT INTO recording_accesses (id, recording_id, actor, reason, at, expires_at)
            VALUES (:id, :recording, :actor, :reason, :at, :expires)
        """),
        {
            "id": opening.id,
            "recording": recording.id,
            "actor": actor.id,
            "reason": reason,
            "at": at,
            "expires": opening.expires_at,
        },
    )
    payload = {"recording": recording.id, "reason": await events.text_hash(tx, reason)}
    await events.append(
        tx,
        events.Subject("contact", recording.contact_id),
        [events.NewEvent("recording.opened", payload)],
        actor=actor,
        at=at,
    )
    return opening


async def opened(tx: AsyncConnection, recording_id: str, actor: Actor, at: datetime) -> Recording:
    """Return a recording that `actor` has opened and may play now; else raises `Forbidden`."""
    require(actor, Permission.PLAY_RECORDINGS)
    recording = await _get(tx, recording_id)
    found = await tx.execute(
        text("""
            SELECT 1 FROM recording_accesses
            WHERE recording_id = :recording AND actor = :actor AND expires_at > :at LIMIT 1
        """),
        {"recording": recording_id, "actor": actor.id, "at": at},
    )
    if found.one_or_none() is None:
        raise Forbidden("请先填写调听原因。", recording=recording_id)
    return recording


async def openings(tx: AsyncConnection, recording_id: str, actor: Actor) -> list[Opening]:
    """Return who opened a recording, newest first."""
    require(actor, Permission.PLAY_RECORDINGS)
    found = await tx.execute(
        text("""
            SELECT id, actor, reason, at, expires_at FROM recording_accesses
            WHERE recording_id = :recording ORDER BY at DESC
        """),
        {"recording": recording_id},
    )
    return [Opening(*row) for row in found]


async def _get(tx: AsyncConnection, recording_id: str) -> Recording:
    found = await tx.execute(
        text("""
            SELECT id, contact_id, file, started_at, milliseconds, bytes, sha256
            FROM recordings WHERE id = :id AND erased_at IS NULL
        """),
        {"id": recording_id},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("没有这条录音，或录音已按规定清除。")
    return Recording(*row)
