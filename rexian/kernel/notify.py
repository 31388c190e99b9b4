"""LISTEN and NOTIFY: what wakes waiting processes. A lost notification only costs a poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

#: PostgreSQL refuses a payload of 8,000 bytes or more.
MAX_PAYLOAD_BYTES = 7_900


@dataclass(frozen=True, slots=True)
class Notification:
    """One NOTIFY; `channel` "" and an empty payload mean (re)connected: look at everything."""

    channel: str
    payload: str


CONNECTED = Notification("", "")


async def notify(tx: AsyncConnection, channel: str, payload: str) -> None:
    """Tell listeners of `channel` when the transaction commits."""
    if len(payload.encode()) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"notification of {len(payload)} characters is too long")
    await tx.execute(text("SELECT pg_notify(:c, :p)"), {"c": channel, "p": payload})


async def listen(
    dsn: str, *channels: str, stop: asyncio.Event | None = None, idle_s: float = 1.0
) -> AsyncIterator[Notification | None]:
    """Notifications for ever, through reconnects; `None` each `idle_s` seconds of silence."""
    delay = 0.1
    while not (stop and stop.is_set()):
        with suppress(psycopg.OperationalError):
            async with await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, connect_timeout=5
            ) as connection:
                for channel in channels:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                delay = 0.1
                yield CONNECTED
                while not (stop and stop.is_set()):
                    async for one in connection.notifies(timeout=idle_s, stop_after=1):
                        yield Notification(one.channel, one.payload)
                    yield None
        await asyncio.sleep(delay)
        delay = min(delay * 2, 2.0)
