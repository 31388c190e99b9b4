"""The audit of the event log: every chain, every head, every signed root.

An hourly root signs (Ed25519) the length and head of each chain that grew since the last root,
chained to that root, so that a removed last row, or a removed chain, is found too.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.events import GENESIS, canonical, chain_hash

ROOT_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is not as it was written: which row, of what, and what is wrong with it."""

    table: str
    row: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.problem}"


def load_key(file: Path) -> Ed25519PrivateKey:
    """The signing key, made with mode 0600 at first use. Keep a copy away from the database."""
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{file} holds no Ed25519 key")
        return key
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    fresh = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(fresh, file)  # whole or not at all, and the first of two makers wins
    except FileExistsError:
        return load_key(file)
    finally:
        fresh.unlink()
    return key


async def sign_root(db: Database, key: Ed25519PrivateKey, clock: Clock) -> int:
    """Sign what grew since the last root; returns how many chains. Short transactions."""
    total = 0
    while count := await _sign_some(db, key, clock):
        total += count
    return total


async def _sign_some(db: Database, key: Ed25519PrivateKey, clock: Clock) -> int:
    async with db.begin() as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('event_roots'))"))
        heads = (
            await tx.execute(
                text(
                    "SELECT subject_kind, subject_id, length, head FROM event_heads"
                    " WHERE length <> signed_length ORDER BY subject_kind, subject_id LIMIT :n"
                    " FOR UPDATE"
                ),
                {"n": ROOT_ROWS},
            )
        ).all()
        if not heads:
            return 0
        prev = (
            await tx.execute(text("SELECT root FROM event_roots ORDER BY id DESC LIMIT 1"))
        ).scalar_one_or_none() or GENESIS
        at = clock.now()
        root = _root_hash(bytes(prev), heads)
        root_id = (
            await tx.execute(
                text(
                    "INSERT INTO event_roots (at, prev_root, root, signature)"
                    " VALUES (:at, :prev, :root, :sig) RETURNING id"
                ),
                {"at": at, "prev": bytes(prev), "root": root, "sig": key.sign(root)},
            )
        ).scalar_one()
        await tx.execute(
            text("INSERT INTO event_root_entries VALUES (:r, :kind, :id, :length, :head)"),
            [
                {
                    "r": root_id,
                    "kind": h.subject_kind,
                    "id": h.subject_id,
                    "length": h.length,
                    "head": bytes(h.head),
                }
                for h in heads
            ],
        )
        await tx.execute(
            text(
                "UPDATE event_heads SET signed_length = length"
                " WHERE subject_kind = :kind AND subject_id = :id"
            ),
            [{"kind": h.subject_kind, "id": h.subject_id} for h in heads],
        )
        return len(heads)


def _root_hash(prev: bytes, entries: Any) -> bytes:
    rows = [[e.subject_kind, e.subject_id, e.length, bytes(e.head).hex()] for e in entries]
    return hashlib.sha256(prev + canonical(rows).encode()).digest()


async def verify(db: Database, key: Ed25519PrivateKey | None = None) -> list[Fault]:
    """Check the whole log; returns faults, the first bad row of each chain first. Reads only."""
    faults: list[Fault] = []
    async with db.begin() as tx:
        await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        ends = await _verify_chains(tx, faults)
        await _verify_heads(tx, ends, faults)
        await _verify_roots(tx, ends, key, faults)
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
    prev = GENESIS
    for root in await tx.execute(text("SELECT * FROM event_roots ORDER BY id")):
        if bytes(root.prev_root) != prev or _root_hash(prev, entries.get(root.id, [])) != bytes(
            root.root
        ):
            faults.append(Fault("event_roots", str(root.id), "root does not match its entries"))
        elif key is not None:
            try:
                key.public_key().verify(bytes(root.signature), bytes(root.root))
            except InvalidSignature:
                faults.append(Fault("event_roots", str(root.id), "signature does not verify"))
        prev = bytes(root.root)
