"""Bring the database to the newest revision; refuse one that is not ours."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from rexian.kernel.db import app_url
from rexian.kernel.errors import ForeignDatabase, Unavailable
from rexian.kernel.events import open_epoch
from rexian.kernel.settings import ROOT

if TYPE_CHECKING:
    from alembic.config import Config

#: The rooms that own tables, in the order of the chain of revisions.
ROOMS = (
    "rexian/kernel",
    "directory",
    "contacts",
    "calls",
    "cases",
    "knowledge",
    "approvals",
    "outbound",
    "exchange",
    "hotspot",
    "agents",
)
LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 60_000
_PREPARED = "prepared"

_ROLES = """
DO $$ DECLARE r text; BEGIN
    FOREACH r IN ARRAY ARRAY['rexian_app', 'rexian_reader', 'rexian_department'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', r);
            EXECUTE format('GRANT %I TO CURRENT_USER', r);
        END IF;
    END LOOP;
END $$
"""


def alembic_config() -> Config:
    """Alembic's configuration: one chain through the folders of all rooms."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "rexian/app/alembic"))
    config.set_main_option("path_separator", "newline")
    folders = "\n".join(str(Path(ROOT, room, "migrations")) for room in ROOMS)
    config.set_main_option("version_locations", folders)
    return config


def migrate(owner_url: str | URL) -> str:
    """Upgrade the database at `owner_url`; returns its revision.

    Raises `ForeignDatabase` when it holds tables that are not ours (nothing is changed then) and
    `Unavailable` when it cannot be reached.
    """
    from alembic import command  # here: a start that finds nothing to do does without
    from alembic.script import ScriptDirectory

    config = alembic_config()
    engine = create_engine(app_url(owner_url), connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            refuse_foreign(connection)
            connection.execute(text(_ROLES))
            connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            connection.execute(text(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}"))
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except OperationalError as error:
        raise Unavailable(problem=str(error.orig).splitlines()[0]) from error
    finally:
        engine.dispose()
    return ScriptDirectory.from_config(config).get_current_head() or ""


def refuse_foreign(connection: Connection) -> None:
    """Raise `ForeignDatabase` unless the database is empty or marked as ours."""
    tables = set(
        connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        )
    )
    if tables and "rexian_meta" not in tables:
        raise ForeignDatabase(tables=len(tables), example=min(tables))


def state_of_sources(*more: str) -> str:
    """A hash of all that `migrate` and the seeding would bring in: revisions, loaders, seed data.

    `more` are settings that matter beside the files (city, development).
    """
    digest = hashlib.sha256("\n".join(more).encode())
    for room in ROOMS:
        folder = ROOT / room
        files = [*folder.glob("migrations/*.py"), *folder.glob("*.py"), *folder.glob("seed/**/*")]
        for file in sorted(file for file in files if file.is_file()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


async def prepared(owner_url: str | URL) -> str:
    """The state noted by `note_prepared` in this database; "" when there is none."""
    engine = create_async_engine(app_url(owner_url), connect_args={"connect_timeout": 5})
    try:
        async with engine.begin() as tx:
            there = await tx.scalar(text("SELECT to_regclass('public.rexian_meta')"))
            if there is None:
                return ""
            noted = text("SELECT value FROM rexian_meta WHERE key = :key")
            return str(await tx.scalar(noted, {"key": _PREPARED}) or "")
    except OperationalError as error:
        raise Unavailable(problem=str(error.orig).splitlines()[0]) from error
    finally:
        await engine.dispose()


async def note_prepared(owner_url: str | URL, state: str) -> None:
    """Note in the database that everything of `state` is in it."""
    engine = create_async_engine(app_url(owner_url))
    try:
        async with engine.begin() as tx:
            await tx.execute(
                text(
                    "INSERT INTO rexian_meta VALUES (:key, :state)"
                    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
                ),
                {"key": _PREPARED, "state": state},
            )
    finally:
        await engine.dispose()


async def open_new_epoch(owner_url: str | URL) -> int:
    """Open a new epoch of the event log when the cluster changed; returns the current one."""
    engine = create_async_engine(app_url(owner_url))
    try:
        async with engine.begin() as tx:
            return await open_epoch(tx)
    finally:
        await engine.dispose()
