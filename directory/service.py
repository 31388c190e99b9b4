"""Signing in: argon2id passwords, lock-out after failures, one answer for every failure.

Failures are counted by login, whether or not the login exists, so neither the answer nor the time
it takes tells which logins exist. Events hold the user's id and never a password or a typed login.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel import events
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import Clock, SystemClock
from rexian.kernel.db import Database
from rexian.kernel.errors import RexianError, TooMany
from rexian.kernel.passwords import hash_password, verify_password

LONGEST_LOGIN = 64


class SignInFailed(RexianError):
    """The login or the password is wrong."""

    code = "sign_in_failed"
    status = 401
    default_sentence = "账号或密码不正确，请重新输入。"


@dataclass(frozen=True, slots=True)
class LockOut:
    """After `failures` wrong passwords in a row a login is locked for `minutes`."""

    failures: int = 5
    minutes: int = 15


async def sign_in(
    db: Database, login: str, password: str, *, clock: Clock, rule: LockOut | None = None
) -> Actor:
    """Return who this is. Raises `SignInFailed`, or `TooMany` while the login is locked."""
    rule = rule or LockOut()
    login = login.strip().lower()[:LONGEST_LOGIN]
    now = clock.now()
    async with db.begin() as tx:
        await _refuse_locked(tx, login, now)
        found = await tx.execute(
            text("SELECT * FROM users WHERE login = :login AND active"), {"login": login}
        )
        row = found.one_or_none()
    hashed = row.password_hash if row else None
    right = await asyncio.to_thread(verify_password, password, hashed)
    if row is None or not right:
        await _count_failure(db, login, row.id if row else None, now, rule)
        raise SignInFailed
    actor = Actor("user", row.id, Role(row.role), row.name, row.department, row.seat)
    async with db.begin() as tx:
        await _refuse_locked(tx, login, now)
        await tx.execute(text("DELETE FROM sign_in_attempts WHERE login = :l"), {"l": login})
        await tx.execute(
            text("UPDATE users SET last_sign_in = :now WHERE id = :id"), {"now": now, "id": row.id}
        )
        await _record(tx, actor, "user.signed_in", now)
    return actor


async def actor_of(tx: AsyncConnection, user_id: str) -> Actor | None:
    """Return the active user with this id as an actor; None when there is none (any more)."""
    found = await tx.execute(text("SELECT * FROM users WHERE id = :id AND active"), {"id": user_id})
    row = found.one_or_none()
    if row is None:
        return None
    return Actor("user", row.id, Role(row.role), row.name, row.department, row.seat)


async def set_password(
    db: Database,
    login: str,
    password: str,
    *,
    actor: Actor | None = None,
    clock: Clock | None = None,
) -> bool:
    """Give a login a (new) password and unlock it; False when there is no such login.

    Every session of the user ends: who knew the old password is out at once. `actor` is who did
    it (the console when not given); it is kept in the log.
    """
    from rexian.kernel.web.sessions import close_all  # brings the whole web base along

    hashed = await asyncio.to_thread(hash_password, password)
    async with db.begin() as tx:
        done = await tx.execute(
            text("UPDATE users SET password_hash = :hash WHERE login = :login RETURNING id"),
            {"hash": hashed, "login": login},
        )
        user_id = done.scalar_one_or_none()
        await tx.execute(text("DELETE FROM sign_in_attempts WHERE login = :l"), {"l": login})
        if user_id is None:
            return False
        await close_all(tx, user_id)
        await events.append(
            tx,
            events.Subject("user", user_id),
            [events.NewEvent("user.password_set", {})],
            actor=actor or Actor.system("console"),
            at=(clock or SystemClock()).now(),
        )
    return True


async def _refuse_locked(tx: AsyncConnection, login: str, now: datetime) -> None:
    found = await tx.execute(
        text("SELECT locked_until FROM sign_in_attempts WHERE login = :login"), {"login": login}
    )
    _refuse_until(found.scalar_one_or_none(), now)


def _refuse_until(until: datetime | None, now: datetime) -> None:
    """Raise `TooMany` while locked: the same for a right and a wrong password tried meanwhile."""
    if until is not None and until > now:
        minutes = int((until - now).total_seconds() // 60) + 1
        raise TooMany(
            f"密码连续输错，账号已暂时锁定，请 {minutes} 分钟后再试，或联系管理员。",
            minutes=minutes,
        )


async def _count_failure(
    db: Database, login: str, user_id: str | None, now: datetime, rule: LockOut
) -> None:
    window = timedelta(minutes=rule.minutes)
    async with db.begin() as tx:
        found = await tx.execute(
            text("""
                INSERT INTO sign_in_attempts AS a (login, failures, last_at)
                VALUES (:login, 1, :now)
                ON CONFLICT (login) DO UPDATE SET last_at = :now,
                    failures = CASE WHEN a.last_at < :since THEN 1 ELSE a.failures + 1 END
                RETURNING failures, locked_until
            """),
            {"login": login, "now": now, "since": now - window},
        )
        row = found.one()
        _refuse_until(row.locked_until, now)
        locked = row.failures >= rule.failures
        if locked:
            await tx.execute(
                text("""
                    UPDATE sign_in_attempts SET locked_until = :until, failures = 0
                    WHERE login = :login
                """),
                {"until": now + window, "login": login},
            )
        await tx.execute(
            text("DELETE FROM sign_in_attempts WHERE last_at < :old"),
            {"old": now - timedelta(days=1)},
        )
        if user_id is not None:
            actor = Actor("user", user_id, Role.CITIZEN)
            await _record(tx, actor, "user.locked" if locked else "user.sign_in_failed", now)


async def _record(tx: AsyncConnection, actor: Actor, type_: str, at: datetime) -> None:
    subject = events.Subject("user", actor.id)
    await events.append(tx, subject, [events.NewEvent(type_, {})], actor=actor, at=at)
