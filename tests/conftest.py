"""Fixtures on real parts: one PostgreSQL cluster a test run, a fresh database a test."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rexian.app.migrate import migrate
from rexian.app.services.postgres import PostgresCluster
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.settings import Settings, load_settings

#: A Wednesday morning in working hours (10:00 in Guiyang).
MORNING = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home of their own; the ports are the defaults and not listened on."""
    return load_settings({}, overrides={"home": str(tmp_path / "var")})


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at a Wednesday morning and moves when told."""
    return FixedClock(MORNING)


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresCluster]:
    """This test run's own PostgreSQL."""
    with PostgresCluster.temporary() as made:
        yield made


@pytest.fixture(scope="session")
def empty_template(cluster: PostgresCluster) -> str:
    """Name of a database with all migrations and no rows."""
    cluster.create_database("migrated")
    migrate(cluster.url("rexian_owner", "migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def seeded_template(cluster: PostgresCluster, empty_template: str) -> str:
    """Name of a database with all migrations and the seed data of Guiyang."""
    from rexian.app.seed import load_seed

    cluster.create_database("seeded", template=empty_template)

    async def fill() -> None:
        db = Database(cluster.url("rexian_app", "seeded"))
        await load_seed(db, load_settings({}))
        await db.close()

    asyncio.run(fill())
    return "seeded"


def _copy(cluster: PostgresCluster, template: str) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:12]}"
    cluster.create_database(name, template=template)
    yield name
    cluster.drop_database(name)


@pytest.fixture
def database_name(cluster: PostgresCluster, seeded_template: str) -> Iterator[str]:
    """A seeded database of this test alone."""
    yield from _copy(cluster, seeded_template)


@pytest.fixture
def bare_database_name(cluster: PostgresCluster, empty_template: str) -> Iterator[str]:
    """A migrated, empty database of this test alone."""
    yield from _copy(cluster, empty_template)


@pytest.fixture
async def db(cluster: PostgresCluster, database_name: str) -> AsyncIterator[Database]:
    """The application's view (role rexian_app) of a seeded database."""
    database = Database(cluster.url("rexian_app", database_name))
    yield database
    await database.close()


@pytest.fixture
async def bare_db(cluster: PostgresCluster, bare_database_name: str) -> AsyncIterator[Database]:
    """The application's view (role rexian_app) of a migrated, empty database."""
    database = Database(cluster.url("rexian_app", bare_database_name))
    yield database
    await database.close()


@pytest.fixture
def owner_url(cluster: PostgresCluster, bare_database_name: str) -> str:
    """URL of the owner of the empty database: for migrations and for tampering."""
    return cluster.url("rexian_owner", bare_database_name)
