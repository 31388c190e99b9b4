"""The event log: every change of a case, contact, notice, article or approval is appended here.

Change and event share one transaction. Events of one subject form a SHA-256 hash chain. Readers
order by visibility (epoch, xid8, id), so an event that commits late is never missed; a restore
into another cluster opens a new epoch, and events of older epochs are complete by definition.
Events hold ids, codes and salted hashes of free text, never text or personal data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel import event_types
from rexian.kernel.actor import Actor
from rexian.kernel.chain import canonical, chain_hash
from rexian.kernel.clock import aware
from rexian.kernel.errors import BadInput
from rexian.kernel.notify import notify

#: With types given, `read` looks at this many events in one call at most.
SCANNED = 2000
JSON = str | int | bool | None | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about: a kind such as `case` and the id of one."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append. `payload` is JSON without floats (their text form is not stable)."""

    type: str
    payload: dict[str, Any]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """A fact, as it stands in the log. `at` is aware; `actor` is `kind:id`."""

    id: int
    epoch: int
    xid: int
    subject: Subject
    seq: int
    type: str
    version: int
    at: datetime
    actor: str
    payload: dict[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the log; text form `epoch.xid.id`."""

    epoch: int
    xid: int
    id: int

    START: ClassVar[Cursor]

    def __str__(self) -> str:
        return f"{self.epoch}.{self.xid}.{self.id}"

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read the text form. Raises `BadInput`."""
        parts = words.split(".")
        limits = (2**31 - 1, 2**64 - 1, 2**63 - 1)
        if len(parts) == len(limits) and all(p.isascii() and p.isdigit() for p in parts):
            numbers = [int(p) for p in parts if len(p) <= 20]  # noqa: PLR2004 - digits of 2**64
            if len(numbers) == len(limits) and all(
                n <= m for n, m in zip(numbers, limits, strict=True)
            ):
                return cls(*numbers)
        raise BadInput("游标格式不对，应为三个用点分开的整数。", field="after")


Cursor.START = Cursor(0, 0, 0)

_COLUMNS = (
    "e.id, e.epoch, e.xid::text AS xid, e.subject_kind, e.subject_id, e.seq, e.type, e.version,"
    " e.at, e.actor, e.payload, e.prev_hash, e.hash"
)

_HEAD = text("""
    INSERT INTO event_heads (subject_kind, subject_id, length, head)
    VALUES (:kind, :id, 0, ''::bytea)
    ON CONFLICT (subject_kind, subject_id) DO UPDATE SET length = event_heads.length
    RETURNING length, head, pg_current_xact_id()::text AS xid,
        (SELECT max(epoch) FROM event_epochs) AS epoch,
        ARRAY(SELECT nextval('events_id_seq') FROM generate_series(1, :n)) AS ids
""")
_INSERT = text("""
    INSERT INTO events (id, epoch, xid, subject_kind, subject_id, seq, type, version, at, actor,
        payload, prev_hash, hash)
    VALUES (:event_id, :epoch, CAST(CAST(:xid AS text) AS xid8), :kind, :id, :seq, :type, :version,
        :at, :actor, CAST(:payload AS jsonb), :prev_hash, :hash)
""")
_MOVE = text("""
    UPDATE event_heads SET length = :length, head = :head
    WHERE subject_kind = :kind AND subject_id = :id
""")


async def append(
    tx: AsyncConnection,
    subject: Subject,
    events: Sequence[NewEvent],
    *,
    actor: Actor,
    at: datetime,
) -> list[Event]:
    """Append `events` about `subject` in the caller's transaction; returns them as they stand.

    The head row of the subject stays locked until the transaction ends, so appends to one subject
    queue up and the chain never forks. `at` must be aware. Raises `EventRefused` for what does
    not fit the catalogue (`kernel/event_types.py`).
    """
    if not events:
        return []
    for one in events:
        event_types.check(one.type, one.version, subject.kind, one.payload)
    at = aware(at)
    key = {"kind": subject.kind, "id": subject.id}
    head = (await tx.execute(_HEAD, {**key, "n": len(events)})).one()
    xid, hash_ = int(head.xid), bytes(head.head)
    rows: list[dict[str, Any]] = []
    out: list[Event] = []
    for seq, (new, event_id) in enumerate(
        zip(events, head.ids, strict=True), start=head.length + 1
    ):
        prev = hash_
        hash_ = chain_hash(
            prev,
            (event_id, head.epoch, xid, subject.kind, subject.id, seq),
            (new.type, new.version, at, str(actor), new.payload),
        )
        rows.append(
            {
                **key,
                "event_id": event_id,
                "epoch": head.epoch,
                "xid": head.xid,
                "seq": seq,
                "type": new.type,
                "version": new.version,
                "at": at,
                "actor": str(actor),
                "payload": canonical(new.payload),
                "prev_hash": prev,
                "hash": hash_,
            }
        )
        out.append(
            Event(
                event_id, head.epoch, xid, subject, seq, new.type, new.version, at, str(actor),
                new.payload, hash_,
            )
        )  # fmt: skip
    await tx.execute(_INSERT, rows)
    await tx.execute(_MOVE, {**key, "length": out[-1].seq, "head": hash_})
    await notify(tx, "events", out[-1].type)
    return out


#: Visible: nothing that orders before it can still commit.
_VISIBLE = """
    (e.epoch, e.xid, e.id) > (:epoch, CAST(CAST(:xid AS text) AS xid8), :id)
    AND (e.epoch < (SELECT max(epoch) FROM event_epochs)
         OR e.xid < pg_snapshot_xmin(pg_current_snapshot()))
"""
_READ = text(f"""
    SELECT {_COLUMNS} FROM events e WHERE {_VISIBLE}
    ORDER BY e.epoch, e.xid, e.id LIMIT :limit
""")  # noqa: S608 - both parts are constants of this module
_STRETCH = text(f"""
    SELECT epoch, xid::text AS xid, id FROM (
        SELECT e.epoch, e.xid, e.id FROM events e WHERE {_VISIBLE}
        ORDER BY e.epoch, e.xid, e.id LIMIT :scanned) s
    ORDER BY s.epoch DESC, s.xid DESC, s.id DESC LIMIT 1
""")  # noqa: S608 - a constant of this module
_READ_TYPES = text(f"""
    SELECT {_COLUMNS} FROM events e WHERE {_VISIBLE}
        AND (e.epoch, e.xid, e.id)
            <= (:end_epoch, CAST(CAST(:end_xid AS text) AS xid8), :end_id)
        AND e.type = ANY(:types)
    ORDER BY e.epoch, e.xid, e.id LIMIT :limit
""")  # noqa: S608 - both parts are constants of this module


async def read(
    tx: AsyncConnection,
    after: Cursor,
    limit: int = 500,
    types: Sequence[str] | None = None,
) -> tuple[list[Event], Cursor]:
    """Events after the cursor that can no longer be overtaken, and the cursor to go on from.

    An event is given only when every transaction that began before it has ended, so one with a
    smaller id that commits later cannot be missed. With `types` one call looks at `SCANNED`
    events at most and the cursor moves over those of other types too: no events does not mean
    that there are none further on, a cursor that stayed where it was does.
    """
    place: dict[str, Any] = {"epoch": after.epoch, "xid": str(after.xid), "id": after.id}
    if types is None:
        events = [event_of(row) for row in await tx.execute(_READ, {**place, "limit": limit})]
        return events, _place(events[-1]) if events else after
    # The end is found first: whatever becomes visible between the two statements lies behind it.
    end = (await tx.execute(_STRETCH, {**place, "scanned": SCANNED})).one_or_none()
    if end is None:
        return [], after
    stretch = {"end_epoch": end.epoch, "end_xid": end.xid, "end_id": end.id}
    found = await tx.execute(
        _READ_TYPES, {**place, **stretch, "types": list(types), "limit": limit}
    )
    events = [event_of(row) for row in found]
    full = len(events) == limit
    return events, _place(events[-1]) if full else Cursor(end.epoch, int(end.xid), end.id)


def _place(event: Event) -> Cursor:
    return Cursor(event.epoch, event.xid, event.id)


async def history(tx: AsyncConnection, subject: Subject) -> list[Event]:
    """All events of one subject, oldest first."""
    found = await tx.execute(
        text(
            f"SELECT {_COLUMNS} FROM events e WHERE e.subject_kind = :kind"  # noqa: S608 - constant
            " AND e.subject_id = :id ORDER BY e.seq"
        ),
        {"kind": subject.kind, "id": subject.id},
    )
    return [event_of(row) for row in found]


async def by_id(tx: AsyncConnection, event_id: int) -> Event | None:
    """One event, or None."""
    found = await tx.execute(
        text(f"SELECT {_COLUMNS} FROM events e WHERE e.id = :id"),  # noqa: S608 - constant
        {"id": event_id},
    )
    row = found.one_or_none()
    return event_of(row) if row else None


def event_of(row: Row[Any]) -> Event:
    """An `Event` of a row of `events`."""
    return Event(
        row.id, row.epoch, int(row.xid), Subject(row.subject_kind, row.subject_id), row.seq,
        row.type, row.version, row.at, row.actor, row.payload, bytes(row.hash),
    )  # fmt: skip


async def text_hash(tx: AsyncConnection, words: str) -> str:
    """A salted hash of free text for an event: shows a change, gives nothing away."""
    salt = (
        await tx.execute(text("SELECT value FROM rexian_meta WHERE key = 'text_salt'"))
    ).scalar_one()
    return hashlib.blake2b(words.encode(), key=bytes.fromhex(salt), digest_size=16).hexdigest()


async def open_epoch(tx: AsyncConnection) -> int:
    """Open a new epoch when the cluster is not the one that wrote last; returns the current one.

    A dump restored elsewhere has another system identifier, a point-in-time restore another
    timeline. Run as the owner, before any writer starts.
    """
    found = await tx.execute(
        text("""
        INSERT INTO event_epochs (epoch, cluster)
        SELECT last.epoch + 1, now.cluster
        FROM (SELECT s.system_identifier || '/' || c.timeline_id AS cluster
              FROM pg_control_system() s, pg_control_checkpoint() c) now,
             (SELECT epoch, cluster FROM event_epochs ORDER BY epoch DESC LIMIT 1) last
        WHERE last.cluster <> now.cluster
        RETURNING epoch
        """)
    )
    opened = found.scalar_one_or_none()
    if opened is not None:
        await tx.execute(text("SELECT setval('events_id_seq', (SELECT max(id) FROM events))"))
        return int(opened)
    return int((await tx.execute(text("SELECT max(epoch) FROM event_epochs"))).scalar_one())
