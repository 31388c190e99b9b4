"""API tokens of the departments' systems: 256 random bits, kept as SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.tables import tokens
from rexian.kernel.errors import BadInput, RexianError
from rexian.kernel.ids import new_id

SHORTEST = 32
"""Characters; a shorter token is refused when it is made, so a plain hash is enough."""


class BadToken(RexianError):
    """The request carries no valid API token."""

    code = "bad_token"
    status = 401
    default_sentence = "接口令牌缺失、错误或已停用。请在 Authorization: Bearer 中填写令牌。"


def digest(token: str) -> str:
    """Return what is stored of `token`."""
    return hashlib.sha256(token.encode()).hexdigest()


async def issue(tx: AsyncConnection, name: str, *, at: datetime) -> str:
    """Make a token for the system `name` and return it: it is shown this once.

    A standing token of that name stops working.
    """
    token = "rx_" + secrets.token_urlsafe(32)
    await ensure(tx, name, token, at=at)
    return token


async def ensure(tx: AsyncConnection, name: str, token: str, *, at: datetime) -> None:
    """Let the system `name` in with `token` (the development token of var/secrets.toml)."""
    if len(token) < SHORTEST:
        raise BadInput(f"令牌至少 {SHORTEST} 个字符。", field="token")
    row = {"id": new_id(), "name": name, "token_hash": digest(token), "created_at": at}
    await tx.execute(
        insert(tokens)
        .values(row)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"token_hash": row["token_hash"], "created_at": at, "revoked_at": None},
            where=tokens.c.token_hash != row["token_hash"],
        )
    )


async def revoke(tx: AsyncConnection, name: str, *, at: datetime) -> bool:
    """Stop the token of the system `name`; False when there was none."""
    found = await tx.execute(
        update(tokens)
        .where(tokens.c.name == name, tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(tokens.c.id)
    )
    return found.one_or_none() is not None


async def system_of(tx: AsyncConnection, authorization: str) -> str:
    """Return the name of the system whose `Authorization` header this is. Raises BadToken."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not SHORTEST <= len(token) <= 200:  # noqa: PLR2004 - no token of ours is longer
        raise BadToken
    found = await tx.execute(
        select(tokens.c.name).where(
            tokens.c.token_hash == digest(token.strip()), tokens.c.revoked_at.is_(None)
        )
    )
    name = found.scalar_one_or_none()
    if name is None:
        raise BadToken
    return str(name)
