"""Signed roots: what they cover, and the note that misses the newest one."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import text

from rexian.kernel import audit
from rexian.kernel.actor import Actor
from rexian.kernel.chain import canonical
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.events import NewEvent, Subject, append
from rexian.kernel.roots import Root, RootsBehind, note, noted

WHO = Actor.system("test")
FORGET_NEWEST = (
    "DELETE FROM event_root_entries WHERE root_id = 2",
    "DELETE FROM event_roots WHERE id = 2",
    "UPDATE event_heads SET signed_length = 0",
)


@pytest.fixture
async def signed(bare_db, clock, tmp_path):
    """A log with two signed roots; the key's file."""
    key_file = tmp_path / "audit.pem"
    for subject in ("a", "b"):
        async with bare_db.begin() as tx:
            events = [NewEvent("one", {})]
            await append(tx, Subject("case", subject), events, actor=WHO, at=clock.now())
        await sign(bare_db, clock, key_file)
    return key_file


async def sign(db: Database, clock: FixedClock, key_file) -> int:
    key = audit.load_key(key_file)
    return await audit.sign_root(db, key, clock, audit.last_file(key_file))


async def faults(db: Database, key_file) -> list[str]:
    key = audit.load_key(key_file)
    return [str(one) for one in await audit.verify(db, key, audit.last_file(key_file))]


async def as_owner(url: str, *statements: str) -> None:
    owner = Database(url)
    async with owner.begin() as tx:
        for statement in statements:
            await tx.execute(text(statement))
    await owner.close()


async def test_the_newest_root_removed_with_its_entries_is_missed(
    bare_db, clock, owner_url, signed
):
    assert await faults(bare_db, signed) == []
    await as_owner(owner_url, *FORGET_NEWEST)
    found = await faults(bare_db, signed)
    assert len(found) == 1
    assert found[0].startswith("event_roots 2: was signed (audit.last names it) and is gone")


async def test_signing_on_does_not_cover_up_a_removed_root(bare_db, clock, owner_url, signed):
    await as_owner(owner_url, *FORGET_NEWEST)
    with pytest.raises(RootsBehind):
        await sign(bare_db, clock, signed)
    assert await faults(bare_db, signed)
    audit.last_file(signed).unlink()  # what a person does after restoring a backup
    assert await sign(bare_db, clock, signed) == 2
    assert await faults(bare_db, signed) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event_roots SET at = at + interval '1 hour' WHERE id = 2",
        "UPDATE event_roots SET id = 7 WHERE id = 2",
        "UPDATE event_roots SET format = 1 WHERE id = 2",
    ],
    ids=["time", "id", "format"],
)
async def test_a_root_stands_for_its_time_and_id(bare_db, owner_url, signed, change):
    await as_owner(
        owner_url,
        "ALTER TABLE event_roots ALTER COLUMN id DROP IDENTITY",
        "ALTER TABLE event_root_entries DROP CONSTRAINT event_root_entries_root_id_fkey",
        change,
        "UPDATE event_root_entries SET root_id = (SELECT max(id) FROM event_roots)"
        " WHERE root_id = 2",
    )
    assert "root does not match its entries, id or time" in (await faults(bare_db, signed))[0]


async def test_a_root_of_before_the_format_was_widened_still_verifies(
    bare_db, clock, owner_url, tmp_path
):
    key_file = tmp_path / "audit.pem"
    async with bare_db.begin() as tx:
        events = [NewEvent("one", {})]
        [event] = await append(tx, Subject("case", "a"), events, actor=WHO, at=clock.now())
    old = hashlib.sha256(canonical([["case", "a", 1, event.hash.hex()]]).encode()).digest()
    signature = audit.load_key(key_file).sign(old)
    async with bare_db.begin() as tx:
        await tx.execute(
            text(
                "INSERT INTO event_roots (at, prev_root, root, signature, format)"
                " VALUES (:at, '', :root, :sig, 1)"
            ),
            {"at": clock.now(), "root": old, "sig": signature},
        )
        await tx.execute(
            text("INSERT INTO event_root_entries VALUES (1, 'case', 'a', 1, :head)"),
            {"head": event.hash},
        )
        await tx.execute(text("UPDATE event_heads SET signed_length = 1"))
    assert await sign(bare_db, clock, key_file) == 0
    assert noted(audit.last_file(key_file)) == Root(1, old), "noted though nothing grew"
    assert await faults(bare_db, key_file) == []


async def test_without_the_file_nothing_is_found_and_a_broken_one_is(bare_db, signed):
    last = audit.last_file(signed)
    assert last.stat().st_mode & 0o777 == 0o600
    last.write_text("nonsense")
    assert "cannot be read" in (await faults(bare_db, signed))[0]
    last.unlink()
    assert await faults(bare_db, signed) == []


def test_an_older_root_does_not_replace_a_newer_note(tmp_path):
    file = tmp_path / "audit.last"
    note(file, Root(2, b"new"))
    note(file, Root(1, b"old"))
    assert noted(file) == Root(2, b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["audit.last"]
