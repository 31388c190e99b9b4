"""The audit of the event log: every chain, every head, every signed root.

The roots (`kernel/roots.py`) find a removed last row or chain; the note beside the key finds a
removed newest root.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.chain import GENESIS, chain_hash
from rexian.kernel.db import Database
from rexian.kernel.roots import holds, last_file, load_key, noted, root_hash, sign_root

__all__ = ["Fault", "last_file", "load_key", "sign_root", "verify"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is not as it was written: which row, of what, and what is wrong with it."""

    table: str
    row: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.problem}"


async def verify(
    db: Database, key: Ed25519PrivateKey | None = None, last: Path | None = None
) -> list[Fault]:
    """Check the whole log; returns faults, the first bad row of each chain first. Reads only.

    `last` is the note of the newest root (`last_file`); without it, or while there is no such
    file, nobody can tell whether the newest roots were removed together with what they signed.
    """
    faults: list[Fault] = []
    async with db.begin() as tx:
        await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        ends = await _verify_chains(tx, faults)
        await _verify_heads(tx, ends, faults)
        await _verify_roots(tx, ends, key, faults)
        if last is not None:
            await _verify_last(tx, last, faults)
    return faults


Ends = dict[tuple[str, str], list[bytes]]


async def _verify_chains(tx: AsyncConnection, faults: list[Fault]) -> Ends:
    hashes: Ends = {}
    broken: set[tuple[str, str]] = set()
    async for row in _rows(tx):
        chain = (row.subject_kind, row.subject_id)
        known = hashes.setdefault(chain, [])
        problem = _problem(row, known)
        known.append(bytes(row.hash))
        if problem and chain not in broken:
            broken.add(chain)
            faults.append(Fault("events", f"{row.id} ({chain[0]} {chain[1]} #{row.seq})", problem))
    return hashes


async def _rows(tx: AsyncConnection) -> AsyncIterator[Row[Any]]:
    result = await tx.stream(
        text(
            "SELECT id, epoch, xid::text AS xid, subject_kind, subject_id, seq, type, version, at,"
            " actor, payload, prev_hash, hash FROM events ORDER BY subject_kind, subject_id, seq"
        )
    )
    async for row in result:
        yield row


def _problem(row: Row[Any], known: list[bytes]) -> str | None:
    if row.seq != len(known) + 1:
        return f"row {len(known) + 1} of this chain is missing before it"
    prev = known[-1] if known else GENESIS
    if bytes(row.prev_hash) != prev:
        return "does not follow the row before it (rows swapped, replaced or removed)"
    place = (row.id, row.epoch, int(row.xid), row.subject_kind, row.subject_id, row.seq)
    fact = (row.type, row.version, row.at, row.actor, row.payload)
    if chain_hash(prev, place, fact) != bytes(row.hash):
        return "content differs from what was written"
    return None


async def _verify_heads(tx: AsyncConnection, ends: Ends, faults: list[Fault]) -> None:
    seen = set()
    for row in await tx.execute(text("SELECT * FROM event_heads")):
        chain = (row.subject_kind, row.subject_id)
        seen.add(chain)
        hashes = ends.get(chain, [])
        where = f"{chain[0]} {chain[1]}"
        if len(hashes) != row.length:
            faults.append(
                Fault("event_heads", where, f"chain has {len(hashes)} rows, head says {row.length}")
            )
        elif hashes and hashes[-1] != bytes(row.head):
            faults.append(Fault("event_heads", where, "last row is not the one the head names"))
    faults.extend(
        Fault("event_heads", f"{kind} {id_}", "head of the chain is missing")
        for kind, id_ in ends.keys() - seen
    )


async def _verify_roots(
    tx: AsyncConnection, ends: Ends, key: Ed25519PrivateKey | None, faults: list[Fault]
) -> None:
    entries: dict[int, list[Row[Any]]] = {}
    for entry in await tx.execute(
        text("SELECT * FROM event_root_entries ORDER BY root_id, subject_kind, subject_id")
    ):
        entries.setdefault(entry.root_id, []).append(entry)
        hashes = ends.get((entry.subject_kind, entry.subject_id), [])
        if len(hashes) < entry.length or hashes[entry.length - 1] != bytes(entry.head):
            faults.append(
                Fault(
                    "event_root_entries",
                    f"{entry.root_id} ({entry.subject_kind} {entry.subject_id})",
                    f"row {entry.length} of this chain was signed and is gone or changed",
                )
            )
    prev, least = GENESIS, 1
    for root in await tx.execute(text("SELECT * FROM event_roots ORDER BY id")):
        told = root_hash(prev, entries.get(root.id, []), root.id, root.at, root.format)
        if root.format < least or bytes(root.prev_root) != prev or told != bytes(root.root):
            faults.append(
                Fault("event_roots", str(root.id), "root does not match its entries, id or time")
            )
        elif key is not None:
            try:
                key.public_key().verify(bytes(root.signature), bytes(root.root))
            except InvalidSignature:
                faults.append(Fault("event_roots", str(root.id), "signature does not verify"))
        prev, least = bytes(root.root), max(least, root.format)


async def _verify_last(tx: AsyncConnection, last: Path, faults: list[Fault]) -> None:
    try:
        newest = noted(last)
    except ValueError:
        faults.append(Fault(last.name, "1", "the note of the newest root cannot be read"))
        return
    if newest is not None and not await holds(tx, newest):
        faults.append(
            Fault(
                "event_roots",
                str(newest.id),
                f"was signed ({last.name} names it) and is gone or changed: the database is behind"
                " (removed rows, or a restored backup; when you restored one, move that file away)",
            )
        )
