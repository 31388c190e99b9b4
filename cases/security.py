"""A department's reads run under the database's row security, whatever transaction they are in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden, RexianError

_ROLE = "rexian_department"
_STEP = text(
    "SELECT set_config('rexian.department', :department, true), set_config('role', :role, true)"
)


@asynccontextmanager
async def reading_as(tx: AsyncConnection, actor: Actor) -> AsyncIterator[None]:
    """Step into the department's role for the reads inside, and back out of it.

    Others read as they are. Raises `Forbidden` for a department login without a department, or
    in a transaction of another department.
    """
    if actor.role is not Role.DEPARTMENT:
        yield
        return
    if not actor.department:
        raise Forbidden
    now = (
        await tx.execute(
            text("""
                SELECT current_setting('role') AS role, current_user AS name,
                    coalesce(current_setting('rexian.department', true), '') AS department
            """)
        )
    ).one()
    if now.name == _ROLE:
        if now.department != actor.department:
            raise Forbidden
        yield
        return
    await tx.execute(_STEP, {"department": actor.department, "role": _ROLE})
    back = {"department": "", "role": now.role}
    try:
        yield
    except RexianError:
        await tx.execute(_STEP, back)
        raise
    await tx.execute(_STEP, back)
