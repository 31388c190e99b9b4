"""What the web base needs from rooms above it; the wiring binds these."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.settings import Settings


class Accounts(Protocol):
    """Who may sign in. `directory` implements it."""

    async def sign_in(self, login: str, password: str) -> Actor:
        """The user of that login and password.

        Raises a `RexianError` with one sentence for every failure, `TooMany` while locked.
        """

    async def actor(self, tx: AsyncConnection, user_id: str) -> Actor | None:
        """The user as of now, or None when removed or disabled."""

    async def signed_out(self, tx: AsyncConnection, actor: Actor) -> None:
        """The person left on purpose: take back what only a person at a desk may hold."""


class WebServices(Protocol):
    """The part of the wiring's `Services` that the web base itself uses."""

    @property
    def db(self) -> Database:
        """The database, as rexian_app."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def settings(self) -> Settings:
        """All settings."""

    @property
    def accounts(self) -> Accounts:
        """Who may sign in."""
