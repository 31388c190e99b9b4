"""Sessions in PostgreSQL: a random cookie, its hash in a row, an end that moves with use."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.web.tables import refusals, sessions

COOKIE = "rexian"
#: One shift and its hand-over; a session ends at the latest this long after sign-in.
LONGEST = timedelta(hours=14)
IDLE = timedelta(hours=4)
SEEN_STEP = timedelta(minutes=1)

#: An address that was refused this often within the window waits (a login is locked by the
#: directory itself, much earlier).
REFUSALS_ALLOWED = 30
REFUSAL_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: whose, and the token its forms must carry."""

    id: str
    user_id: str
    csrf: str


def hashed(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


async def open_session(tx: AsyncConnection, user_id: str, at: datetime) -> tuple[str, Session]:
    """A new session; returns the cookie's value, which is kept nowhere, and the session."""
    cookie = secrets.token_urlsafe(32)
    session = Session(hashed(cookie), user_id, secrets.token_urlsafe(24))
    await tx.execute(
        insert(sessions).values(
            id=session.id,
            user_id=user_id,
            csrf=session.csrf,
            created_at=at,
            seen_at=at,
            expires_at=at + LONGEST,
        )
    )
    await tx.execute(delete(sessions).where(sessions.c.expires_at < at))
    return cookie, session


async def find_session(tx: AsyncConnection, cookie: str, at: datetime) -> Session | None:
    """The live session of that cookie, its idle clock moved on; None when ended or unknown."""
    row = (
        await tx.execute(
            select(sessions).where(
                sessions.c.id == hashed(cookie),
                sessions.c.expires_at > at,
                sessions.c.seen_at > at - IDLE,
            )
        )
    ).one_or_none()
    if row is None:
        return None
    if at - row.seen_at > SEEN_STEP:
        await tx.execute(update(sessions).where(sessions.c.id == row.id).values(seen_at=at))
    return Session(row.id, row.user_id, row.csrf)


async def close_session(tx: AsyncConnection, session: Session) -> None:
    """End it; the cookie is worth nothing afterwards."""
    await tx.execute(delete(sessions).where(sessions.c.id == session.id))


async def close_all(tx: AsyncConnection, user_id: str) -> int:
    """End every session of a user, wherever it was opened; returns how many."""
    found = await tx.execute(
        delete(sessions).where(sessions.c.user_id == user_id).returning(sessions.c.id)
    )
    return len(found.all())


async def must_wait(tx: AsyncConnection, address: str, at: datetime) -> bool:
    """Whether sign-ins from `address` were refused too often of late."""
    count = (
        select(func.count())
        .select_from(refusals)
        .where(refusals.c.key == hashed(address), refusals.c.at > at - REFUSAL_WINDOW)
    )
    return (await tx.execute(count)).scalar_one() >= REFUSALS_ALLOWED


async def note_refusal(tx: AsyncConnection, address: str, at: datetime) -> None:
    """Remember a refused sign-in; old ones are forgotten."""
    await tx.execute(delete(refusals).where(refusals.c.at < at - REFUSAL_WINDOW))
    await tx.execute(insert(refusals).values(key=hashed(address), at=at))


async def forget_ended(tx: AsyncConnection, at: datetime) -> int:
    """Delete sessions that have ended and old refusals; returns how many sessions."""
    await tx.execute(delete(refusals).where(refusals.c.at < at - REFUSAL_WINDOW))
    ended = (sessions.c.expires_at < at) | (sessions.c.seen_at < at - IDLE)
    found = await tx.execute(delete(sessions).where(ended).returning(sessions.c.id))
    return len(found.all())
