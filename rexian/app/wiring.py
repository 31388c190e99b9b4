"""Wiring: happens once, at the start of each process. Knows everybody, known by nobody."""

from __future__ import annotations

from dataclasses import dataclass

from rexian.app.services.postgres import PostgresCluster
from rexian.app.services.secrets import SecretStore
from rexian.kernel.clock import Clock, SystemClock
from rexian.kernel.db import Database
from rexian.kernel.settings import Settings


@dataclass(frozen=True)
class Services:
    """What a process works with."""

    settings: Settings
    clock: Clock
    db: Database
    secrets: SecretStore

    async def close(self) -> None:
        """Give connections back."""
        await self.db.close()


def secret_store(settings: Settings) -> SecretStore:
    """The passwords this installation made for itself."""
    return SecretStore(settings.file("secrets.toml"))


def database_url(settings: Settings, role: str = "rexian_app") -> str:
    """The database's URL: `REXIAN_DATABASE_URL` always wins, else our own cluster's for `role`."""
    if settings.database_url:
        return settings.database_url
    cluster = PostgresCluster(
        settings.home / "postgres", settings.ports.postgres, secret_store(settings)
    )
    return cluster.url(role)


def connect(settings: Settings, *, pool_size: int = 5) -> Database:
    """The application's view of the database (role rexian_app), opened lazily."""
    return Database(database_url(settings), pool_size=pool_size, role="rexian_app")


def build(settings: Settings, *, pool_size: int = 5) -> Services:
    """Everything a process needs; opens no connection yet."""
    return Services(
        settings=settings,
        clock=SystemClock(),
        db=connect(settings, pool_size=pool_size),
        secrets=secret_store(settings),
    )
