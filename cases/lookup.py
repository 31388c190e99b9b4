"""A citizen asks how a case stands: number and six-digit code.

The code is derived from the case's id with a key that only rexian_app can read, so no code is
stored: nobody who may read cases can read codes. The key is in the database and travels with its
backups. Wrong codes are counted per number; after too many the number is closed for a while.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.model import STATE_NAMES, State
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden, TooMany

CODE_DIGITS = 6
WRONG_CODES = 5
CLOSED_FOR = timedelta(minutes=15)
_DIGITS = re.compile(r"(?P<day>\d{8})(?P<serial>\d{5})")
_NUMBER = re.compile(r"\d{3,6}-\d{8}-\d{5}")
DEFAULT_LINE = "12345"


@dataclass(frozen=True, slots=True)
class CaseStatus:
    """What a citizen hears: no text and no person. Times are aware (UTC)."""

    number: str
    state: State
    state_name: str
    department: str | None
    accepted_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    outcome: str | None


def case_number(typed: str) -> str | None:
    """Read a case number as typed or keyed: whole, or the 13 digits YYYYMMDDNNNNN of 12345."""
    words = typed.strip()
    if _NUMBER.fullmatch(words):
        return words
    digits = _DIGITS.fullmatch(re.sub(r"[\s#*-]", "", words))
    return f"{DEFAULT_LINE}-{digits['day']}-{digits['serial']}" if digits else None


async def code_of(tx: AsyncConnection, case_id: str, actor: Actor) -> str:
    """Give a case's look-up code, for the message that tells it. Only the system may ask."""
    if actor.role is not Role.SYSTEM:
        raise Forbidden(permission="lookup_code")
    return _code(await _key(tx), case_id)


async def lookup(tx: AsyncConnection, number: str, code: str, *, at: datetime) -> CaseStatus | None:
    """Give the status of a case, or None when number and code do not belong together.

    `number` may be the keyed 13 digits. A wrong code is counted in this transaction: commit it.
    Raises `TooMany` after five wrong codes for one number within 15 minutes.
    """
    full = case_number(number) or ""
    await _refuse_closed(tx, full, at)
    found = await tx.execute(
        text("""
            SELECT c.id, c.number, c.state, d.short_name AS department, c.accepted_at, c.due_at,
                c.closed_at, c.outcome
            FROM cases c LEFT JOIN departments d ON d.code = c.lead WHERE c.number = :number
        """),
        {"number": full},
    )
    row = found.one_or_none()
    expected = _code(await _key(tx), row.id if row else "")
    if not hmac.compare_digest(expected.encode(), code.strip().encode()) or row is None:
        await tx.execute(
            text("DELETE FROM case_lookup_failures WHERE at <= :old"), {"old": at - CLOSED_FOR}
        )
        await tx.execute(
            text("INSERT INTO case_lookup_failures (number, at) VALUES (:number, :at)"),
            {"number": full, "at": at},
        )
        return None
    state = State(row.state)
    return CaseStatus(
        row.number,
        state,
        STATE_NAMES[state],
        row.department,
        row.accepted_at,
        row.due_at,
        row.closed_at,
        row.outcome,
    )


async def _refuse_closed(tx: AsyncConnection, number: str, at: datetime) -> None:
    await tx.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('lookup ' || :number, 0))"),
        {"number": number},
    )
    found = await tx.execute(
        text("SELECT count(*) FROM case_lookup_failures WHERE number = :number AND at > :since"),
        {"number": number, "since": at - CLOSED_FOR},
    )
    if found.scalar_one() >= WRONG_CODES:
        raise TooMany("查询码连续输错，请 15 分钟后再试，或转人工查询。", number=number)


async def _key(tx: AsyncConnection) -> bytes:
    found = await tx.execute(text("SELECT value FROM case_keys WHERE name = 'lookup'"))
    return bytes(found.scalar_one())


def _code(key: bytes, case_id: str) -> str:
    digest = hmac.digest(key, case_id.encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
