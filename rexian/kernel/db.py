"""The database: one engine a process, one `begin()` a transaction, roles from the first migration.

Programs connect as `rexian_app`, which owns nothing. A department's request runs as
`rexian_department` under row security; the department is set by the server for the transaction
(`rexian.department`), never taken from a query.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import MetaData, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from rexian.kernel.errors import Unavailable

metadata = MetaData()

#: A write transaction that stays open stalls every reader of the event log (design.md, 3).
STATEMENT_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_MS = 5_000
LOCK_TIMEOUT_MS = 4_000


def app_url(url: str | URL) -> URL:
    """The URL with the psycopg driver named, as SQLAlchemy wants it."""
    return make_url(url).set(drivername="postgresql+psycopg")


class Database:
    """PostgreSQL seen by one process."""

    def __init__(self, url: str | URL, *, pool_size: int = 5, role: str | None = None) -> None:
        """Open no connection yet. `url` names the login; `role` is stepped into when it differs.

        A database given from outside comes with one login, often its owner's or a superuser's:
        `role="rexian_app"` keeps row security and grants in force all the same. Errors name the
        statement and never its parameters: they hold names and addresses, and errors are logged.
        """
        self.url = app_url(url)
        self.role = role if role != self.url.username else None
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={"connect_timeout": 5, "application_name": "rexian"},
        )
        event.listen(self.engine.sync_engine, "connect", self._prepare)

    @asynccontextmanager
    async def begin(self, *, department: str | None = None) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end; with `department`, under row security.

        Raises `Unavailable` when the database cannot be reached.
        """
        try:
            async with self.engine.begin() as tx:
                if department is not None:
                    await tx.execute(text("SET LOCAL ROLE rexian_department"))
                    await tx.execute(
                        text("SELECT set_config('rexian.department', :d, true)"), {"d": department}
                    )
                yield tx
        except (OperationalError, PoolTimeout) as error:
            raise Unavailable(problem=type(error).__name__) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise Unavailable(problem=type(error).__name__) from error
            raise

    def dsn(self) -> str:
        """A libpq connection string, for a LISTEN connection."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def ping(self) -> bool:
        """Whether a trivial query succeeds."""
        try:
            async with self.begin() as tx:
                await tx.execute(text("SELECT 1"))
        except Unavailable:
            return False
        return True

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    def _prepare(self, connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        cursor.execute(f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}")
        cursor.execute("SET timezone = 'UTC'")
        if self.role is not None:
            cursor.execute(f'SET ROLE "{self.role}"')
        cursor.close()
        connection.commit()
