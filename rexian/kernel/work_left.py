"""What is left of leased work: rows that were given up, for a person, and done rows, to delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.errors import NotFound
from rexian.kernel.notify import notify


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work that failed every try: for the page of a person."""

    id: int
    kind: str
    attempts: int
    error: str
    given_up_at: datetime


async def given_up(
    tx: AsyncConnection, *, without: Sequence[str] = (), limit: int = 200
) -> list[GivenUp]:
    """List work that was given up and has not succeeded since, newest first."""
    found = await tx.execute(
        text(
            "SELECT id, kind, attempts, coalesce(last_error, ''), given_up_at FROM work"
            " WHERE given_up_at IS NOT NULL AND NOT kind = ANY(:without)"
            " ORDER BY given_up_at DESC LIMIT :limit"
        ),
        {"without": list(without), "limit": limit},
    )
    return [GivenUp(*row) for row in found]


async def try_again(tx: AsyncConnection, work_id: int, *, at: datetime) -> str:
    """Give a row that was given up all its tries again, from `at` on; returns its kind.

    Raises `NotFound` when there is no such row or it has succeeded meanwhile.
    """
    found = await tx.execute(
        text(
            "UPDATE work SET state = 'ready', run_at = :at, attempts = 0, errors = 0,"
            " finished_at = NULL, given_up_at = NULL"
            " WHERE id = :id AND given_up_at IS NOT NULL AND state IN ('failed', 'ready')"
            " RETURNING kind"
        ),
        {"id": work_id, "at": at},
    )
    kind: str | None = found.scalar_one_or_none()
    if kind is None:
        raise NotFound("这项工作已经完成，或正在重试。请刷新页面。")
    await notify(tx, "work", kind)
    return kind


async def forget_done(tx: AsyncConnection, before: datetime, limit: int) -> int:
    """Delete up to `limit` rows done before that time; what failed or is uncertain stays."""
    gone = await tx.execute(
        text(
            "DELETE FROM work WHERE id IN (SELECT id FROM work WHERE state = 'done'"
            " AND finished_at < :before ORDER BY finished_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
        ),
        {"before": before, "limit": limit},
    )
    return gone.rowcount
