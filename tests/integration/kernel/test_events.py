"""The event log on a real PostgreSQL: order, late commits, chains, epochs, parking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from rexian.kernel import audit
from rexian.kernel.actor import Actor
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import BadInput
from rexian.kernel.events import (
    Cursor,
    NewEvent,
    Subject,
    append,
    history,
    open_epoch,
    read,
    text_hash,
)
from rexian.kernel.readers import Reader

AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
WHO = Actor.system("test")


async def put(db: Database, subject: str, *types: str) -> None:
    async with db.begin() as tx:
        events = [NewEvent(t, {"n": n, "字": "水"}) for n, t in enumerate(types)]
        await append(tx, Subject("case", subject), events, actor=WHO, at=AT)


async def everything(db: Database, after: Cursor = Cursor.START) -> list[str]:
    async with db.begin() as tx:
        events, _ = await read(tx, after)
        return [e.type for e in events]


async def as_owner(url: str, statement: str) -> None:
    owner = Database(url)
    async with owner.begin() as tx:
        await tx.execute(text(statement))
    await owner.close()


async def test_history_gives_the_events_of_one_subject_in_order(bare_db):
    await put(bare_db, "a", "one", "two")
    await put(bare_db, "b", "other")
    await put(bare_db, "a", "three")
    async with bare_db.begin() as tx:
        events = await history(tx, Subject("case", "a"))
    assert [(e.seq, e.type) for e in events] == [(1, "one"), (2, "two"), (3, "three")]
    assert events[0].actor == "system:test"
    assert events[0].at == AT


async def test_an_event_that_commits_late_is_not_missed(bare_db):
    await put(bare_db, "a", "before")
    async with bare_db.engine.connect() as slow:
        late = await slow.begin()
        await append(slow, Subject("case", "slow"), [NewEvent("late", {})], actor=WHO, at=AT)
        await put(bare_db, "b", "quick")
        assert await everything(bare_db) == ["before"]
        await late.commit()
    assert await everything(bare_db) == ["before", "late", "quick"]


async def test_with_types_the_cursor_moves_over_the_others_and_misses_nothing(bare_db, monkeypatch):
    async def rare(after: Cursor) -> tuple[list[str], Cursor]:
        async with bare_db.begin() as tx:
            found, cursor = await read(tx, after, 2, ["bad"])
        return [event.type for event in found], cursor

    await put(bare_db, "a", "one", "two", "three")
    seen, cursor = await rare(Cursor.START)
    async with bare_db.begin() as tx:
        last = (await history(tx, Subject("case", "a")))[-1]
    assert (seen, cursor) == ([], Cursor(last.epoch, last.xid, last.id))
    assert await rare(cursor) == ([], cursor)
    async with bare_db.engine.connect() as slow:
        late = await slow.begin()
        await append(slow, Subject("case", "slow"), [NewEvent("bad", {})], actor=WHO, at=AT)
        await put(bare_db, "b", "other", "bad")
        assert await rare(cursor) == ([], cursor), "not past what may still commit"
        await late.commit()
    seen, cursor = await rare(cursor)
    assert seen == ["bad", "bad"]
    await put(bare_db, "c", "one", "bad", "two", "bad", "three", "bad", "one")
    seen, cursor = await rare(cursor)
    assert seen == ["bad", "bad"], "no further than the limit"
    monkeypatch.setattr("rexian.kernel.events.SCANNED", 1)
    found: list[str] = []
    moved = True
    while moved:
        seen, after = await rare(cursor)
        found, moved, cursor = found + seen, after != cursor, after
    assert found == ["bad"]


async def test_a_reader_of_rare_events_remembers_how_far_it_looked(bare_db, clock):
    seen: list[str] = []

    async def handler(_tx, event):
        seen.append(event.type)

    await put(bare_db, "a", "one", "two")
    reader = Reader(bare_db, "rare", handler, types=["bad"], clock=clock)
    assert await reader.run_once() == 0
    async with bare_db.begin() as tx:
        stands = await tx.execute(text("SELECT id FROM reader_cursors WHERE name = 'rare'"))
        newest = await tx.execute(text("SELECT max(id) FROM events"))
        assert stands.scalar_one() == newest.scalar_one()
    await put(bare_db, "b", "bad")
    assert await reader.run_once() == 1
    assert seen == ["bad"]


async def test_change_and_event_share_one_transaction(bare_db):
    with pytest.raises(RuntimeError):
        async with bare_db.begin() as tx:
            await append(tx, Subject("case", "x"), [NewEvent("lost", {})], actor=WHO, at=AT)
            raise RuntimeError
    assert await everything(bare_db) == []


async def test_the_application_can_neither_change_nor_remove_an_event(bare_db):
    await put(bare_db, "a", "one")
    for statement in ("UPDATE events SET actor = 'x'", "DELETE FROM events"):
        with pytest.raises(Exception, match="permission denied"):
            async with bare_db.begin() as tx:
                await tx.execute(text(statement))


@pytest.mark.parametrize(
    ("tamper", "names"),
    [
        ("UPDATE events SET payload = '{\"n\": 9}' WHERE seq = 2", "#2"),
        ("UPDATE events SET at = at + interval '1 microsecond' WHERE seq = 1", "#1"),
        ("DELETE FROM events WHERE seq = 2", "#3"),
        (
            "UPDATE events SET seq = CASE seq WHEN 1 THEN 101 WHEN 2 THEN 1 END WHERE seq < 3;"
            "UPDATE events SET seq = 2 WHERE seq = 101",
            "#1",
        ),
        ("DELETE FROM events WHERE seq = 3", "chain has 2 rows"),
    ],
    ids=["byte", "time", "removed", "swapped", "last-removed"],
)
async def test_verify_names_the_row_that_was_tampered_with(bare_db, owner_url, tamper, names):
    await put(bare_db, "a", "one", "two", "three")
    assert await audit.verify(bare_db) == []
    for statement in tamper.split(";"):
        await as_owner(owner_url, statement)
    faults = await audit.verify(bare_db)
    assert faults
    assert names in str(faults[0])


async def test_a_signed_root_finds_what_the_heads_no_longer_tell(bare_db, owner_url, tmp_path):
    key = audit.load_key(tmp_path / "audit.ed25519")
    await put(bare_db, "a", "one", "two")
    assert await audit.sign_root(bare_db, key, FixedClock(AT)) == 1
    assert await audit.sign_root(bare_db, key, FixedClock(AT)) == 0
    await put(bare_db, "a", "three")
    assert await audit.sign_root(bare_db, key, FixedClock(AT)) == 1
    assert await audit.verify(bare_db, key) == []
    await as_owner(owner_url, "DELETE FROM events WHERE seq = 3")
    await as_owner(
        owner_url,
        "UPDATE event_heads h SET length = 2, head = e.hash FROM events e WHERE e.seq = 2",
    )
    assert "row 3 of this chain was signed and is gone" in str(
        (await audit.verify(bare_db, key))[0]
    )


async def test_a_forged_signature_is_found(bare_db, owner_url, tmp_path):
    key = audit.load_key(tmp_path / "audit.ed25519")
    await put(bare_db, "a", "one")
    await audit.sign_root(bare_db, key, FixedClock(AT))
    other = audit.load_key(tmp_path / "other.ed25519")
    assert "signature does not verify" in str((await audit.verify(bare_db, other))[0])
    assert audit.load_key(tmp_path / "audit.ed25519").private_bytes_raw() == key.private_bytes_raw()


async def test_a_restore_opens_a_new_epoch_and_old_rows_are_complete(bare_db, owner_url):
    await put(bare_db, "a", "old")
    await as_owner(owner_url, "UPDATE event_epochs SET cluster = 'another/1'")
    await as_owner(owner_url, "UPDATE events SET xid = '99999999999'")
    owner = Database(owner_url)
    async with owner.begin() as tx:
        assert await open_epoch(tx) == 2
        assert await open_epoch(tx) == 2
    await owner.close()
    assert await everything(bare_db) == ["old"]
    await put(bare_db, "a", "new")
    assert await everything(bare_db) == ["old", "new"]


async def test_a_reader_hands_over_each_event_once_and_remembers(bare_db, clock):
    seen: list[str] = []

    async def handler(_tx, event):
        seen.append(event.type)

    await put(bare_db, "a", "one", "two")
    reader = Reader(bare_db, "r", handler, clock=clock)
    assert await reader.run_once() == 2
    assert await reader.run_once() == 0
    await put(bare_db, "a", "three")
    assert await Reader(bare_db, "r", handler, clock=clock).run_once() == 1
    assert seen == ["one", "two", "three"]


async def test_an_event_that_fails_is_parked_and_tried_again_and_holds_up_nobody(bare_db, clock):
    seen: list[str] = []
    broken = True

    async def handler(tx, event):
        if event.type == "bad" and broken:
            await tx.execute(text("SELECT 1 / 0"))
        seen.append(event.type)

    await put(bare_db, "a", "one", "bad", "three")
    reader = Reader(bare_db, "r", handler, clock=clock)
    await reader.run_once()
    assert seen == ["one", "three"]
    broken = False
    assert await reader.retry_parked() == 0, "not due yet"
    clock.advance(timedelta(seconds=10))
    assert await reader.retry_parked() == 1
    assert seen == ["one", "three", "bad"]


async def test_free_text_stands_in_an_event_only_as_a_salted_hash(bare_db, cluster):
    async with bare_db.begin() as tx:
        first = await text_hash(tx, "水管爆裂")
        assert first == await text_hash(tx, "水管爆裂")
        assert first != await text_hash(tx, "水管爆裂。")
    assert "水" not in first


def test_a_cursor_reads_back_and_refuses_nonsense():
    assert Cursor.parse("1.7542.33") == Cursor(1, 7542, 33)
    for words in ("", "1.2", "1.2.x", "1.2.-3", "1.2.3.4", "9" * 30 + ".1.1", "1.٣.4"):
        with pytest.raises(BadInput):
            Cursor.parse(words)
