"""A dump restored into another cluster: old rows complete, new rows after them, audit clean."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest

from rexian.app.migrate import migrate, open_new_epoch
from rexian.app.services.postgres import PostgresCluster, binaries
from rexian.kernel import audit
from rexian.kernel.actor import Actor
from rexian.kernel.db import Database
from rexian.kernel.errors import ForeignDatabase, Unavailable
from rexian.kernel.events import Cursor, NewEvent, Subject, append, read

AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


async def put(db: Database, *types: str) -> None:
    for name in types:
        async with db.begin() as tx:
            await append(
                tx, Subject("case", "a"), [NewEvent(name, {})], actor=Actor.system("t"), at=AT
            )


async def types_after(db: Database, cursor: Cursor) -> tuple[list[str], Cursor]:
    async with db.begin() as tx:
        events, after = await read(tx, cursor)
        return [e.type for e in events], after


def pg(program: str, url: str, *arguments: str) -> bytes:
    done = subprocess.run(
        [str(binaries() / program), "--dbname", url, *arguments], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


async def test_dump_and_restore_loses_no_event_and_hides_none(
    cluster, bare_database_name, tmp_path
):
    old = Database(cluster.url("rexian_app", bare_database_name))
    await put(old, *[f"old-{n}" for n in range(30)])
    seen, cursor = await types_after(old, Cursor.START)
    assert len(seen) == 30
    await put(old, "unread")
    dump = tmp_path / "hotline.sql"
    pg("pg_dump", cluster.url("postgres", bare_database_name), "--file", str(dump))
    await old.close()

    with PostgresCluster.temporary() as other:
        other.create_database("restored")
        admin = other.url("postgres", "restored")
        pg("psql", admin, "--quiet", "-v", "ON_ERROR_STOP=1", "--file", str(dump))
        assert await open_new_epoch(admin) == 2
        db = Database(other.url("rexian_app", "restored"))
        await put(db, "new")
        assert await audit.verify(db) == []
        seen, _ = await types_after(db, cursor)
        assert seen == ["unread", "new"], "a cursor from before the restore goes on"
        seen, _ = await types_after(db, Cursor.START)
        assert seen[-2:] == ["unread", "new"]
        assert len(seen) == 32
        await db.close()


def test_migrating_twice_changes_nothing(cluster, owner_url):
    revision = migrate(owner_url)
    assert revision == migrate(owner_url)


def test_a_database_that_is_not_ours_is_refused_and_left_alone(cluster):
    cluster.create_database("foreign")
    url = cluster.url("rexian_owner", "foreign")
    pg("psql", url, "-c", "CREATE TABLE payroll (id int)")
    with pytest.raises(ForeignDatabase) as caught:
        migrate(url)
    assert "别的系统" in caught.value.sentence
    assert caught.value.details["example"] == "payroll"
    tables = pg("psql", url, "-Atc", "SELECT tablename FROM pg_tables WHERE schemaname='public'")
    assert tables.decode().split() == ["payroll"]
    cluster.drop_database("foreign")


def test_a_database_that_does_not_answer_is_said(cluster):
    with pytest.raises(Unavailable):
        migrate("postgresql://nobody:x@127.0.0.1:1/none")
