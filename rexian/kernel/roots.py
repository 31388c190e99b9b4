"""Signed roots of the event log, and the note outside the database of the newest one.

An hourly root signs (Ed25519) the length and head of each chain that grew since the last root,
chained to that root. The newest root has no follower that would miss it, so its id and hash are
kept in a file beside the key too: a database that no longer holds it is behind the file.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.chain import GENESIS, canonical
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import RexianError

ROOT_ROWS = 1000
FORMAT = 2


class RootsBehind(RexianError):
    """The database lacks the newest signed root; nothing is signed until somebody has looked."""

    code = "roots_behind"
    default_sentence = (
        "数据库里缺少最近一次签名，事件日志可能被删改或由旧备份恢复。请运行 rexian audit verify；"
        "确认是恢复备份后，移走 var/keys/audit.last 再继续。"
    )


@dataclass(frozen=True, slots=True)
class Root:
    """The newest root that was signed here: its id and hash."""

    id: int
    hash: bytes


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
    fresh = _draft(file, pem)
    try:
        os.link(fresh, file)  # whole or not at all, and the first of two makers wins
    except FileExistsError:
        return load_key(file)
    finally:
        fresh.unlink()
    return key


def last_file(key_file: Path) -> Path:
    """Where the newest root is noted: `audit.last` beside `audit.pem`."""
    return key_file.with_suffix(".last")


def noted(file: Path) -> Root | None:
    """The root that the file names; None when there is no file. Raises `ValueError` when broken."""
    try:
        words = file.read_text(encoding="ascii").split()
    except FileNotFoundError:
        return None
    number, digest = words
    return Root(int(number), bytes.fromhex(digest))


def note(file: Path, root: Root) -> None:
    """Note `root` as the newest, whole or not at all; a newer one noted meanwhile stays."""
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        before = noted(file)
        if before is None or before.id < root.id:
            _draft(file, f"{root.id} {root.hash.hex()}\n".encode()).replace(file)
            os.fsync(folder)
    finally:
        os.close(folder)


def _draft(file: Path, content: bytes) -> Path:
    """A new file beside `file` with this content, on the disk, for its owner alone."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return fresh


async def sign_root(
    db: Database, key: Ed25519PrivateKey, clock: Clock, last: Path | None = None
) -> int:
    """Sign what grew since the last root; returns how many chains. Short transactions.

    With `last` (see `last_file`) the newest root is noted there after each commit. Raises
    `RootsBehind` when the database no longer holds the root noted there.
    """
    total = 0
    while True:
        before = await asyncio.to_thread(noted, last) if last is not None else None
        async with db.begin() as tx:
            count, root = await _sign_some(tx, key, clock, before)
        if last is not None and root is not None:
            await asyncio.to_thread(note, last, root)
        if not count:
            return total
        total += count


async def holds(tx: AsyncConnection, root: Root) -> bool:
    """Whether the database still has this root."""
    found = await tx.execute(text("SELECT root FROM event_roots WHERE id = :id"), {"id": root.id})
    hash_ = found.scalar_one_or_none()
    return hash_ is not None and bytes(hash_) == root.hash


async def _sign_some(
    tx: AsyncConnection, key: Ed25519PrivateKey, clock: Clock, noted_root: Root | None
) -> tuple[int, Root | None]:
    """Sign up to `ROOT_ROWS` chains; how many, and the newest root there is then."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('event_roots'))"))
    if noted_root is not None and not await holds(tx, noted_root):
        raise RootsBehind(root=noted_root.id)
    newest = (
        await tx.execute(text("SELECT id, root FROM event_roots ORDER BY id DESC LIMIT 1"))
    ).one_or_none()
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
    before = Root(newest.id, bytes(newest.root)) if newest else None
    if not heads:
        return 0, before
    root = await _insert(tx, key, clock.now(), before, heads)
    return len(heads), root


async def _insert(
    tx: AsyncConnection, key: Ed25519PrivateKey, at: datetime, before: Root | None, heads: Any
) -> Root:
    prev, root_id = (before.hash, before.id + 1) if before else (GENESIS, 1)
    hash_ = root_hash(prev, heads, root_id, at)
    # The id is part of what is signed: known before, and without gaps under the lock.
    await tx.execute(
        text(
            "INSERT INTO event_roots (id, at, prev_root, root, signature, format)"
            " OVERRIDING SYSTEM VALUE VALUES (:id, :at, :prev, :root, :sig, :format)"
        ),
        {
            "id": root_id,
            "at": at,
            "prev": prev,
            "root": hash_,
            "sig": key.sign(hash_),
            "format": FORMAT,
        },
    )
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
    return Root(root_id, hash_)


def root_hash(prev: bytes, entries: Any, root_id: int, at: datetime, form: int = FORMAT) -> bytes:
    """What is signed: the root before, the id and time of this one, and its entries.

    Roots of format 1 were written before 2026-11-22 and cover their entries alone.
    """
    rows = [[e.subject_kind, e.subject_id, e.length, bytes(e.head).hex()] for e in entries]
    if form == 1:
        return hashlib.sha256(prev + canonical(rows).encode()).digest()
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(prev + canonical([form, root_id, moment, rows]).encode()).digest()
