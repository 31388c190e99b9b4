"""What a caller may look up: how a case stands, what became of an application.

Bound in the wiring to the port `agi.ports.Lookup`. Answers hold codes that menus have prompts
for; no text and no person.
"""

from collections.abc import Mapping

from approvals import queries as approvals
from cases import lookup as cases
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import TooMany


class Lookups:
    """Answers the look-ups of `ivr/menus` from the database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        """Read through `db` (role rexian_app)."""
        self._db = db
        self._clock = clock

    async def __call__(self, kind: str, arguments: Mapping[str, str]) -> Mapping[str, str] | None:
        """What is known, or None when number and code do not belong together.

        A number closed after too many wrong codes answers like an unknown one. Raises what the
        database raises, and `LookupError` for a kind nobody knows: the caller then gets a person.
        """
        number, code = arguments.get("number", ""), arguments.get("code", "")
        if kind == "case_status":
            return await self._case(number, code)
        if kind == "approval_status":
            return await self._approval(number, code)
        raise LookupError(kind)

    async def _case(self, number: str, code: str) -> Mapping[str, str] | None:
        try:
            async with self._db.begin() as tx:
                found = await cases.lookup(tx, number, code, at=self._clock.now())
        except TooMany:
            return None
        if found is None:
            return None
        due = found.due_at.isoformat() if found.due_at else ""
        return {"number": found.number, "state": found.state.value, "due": due}

    async def _approval(self, number: str, code: str) -> Mapping[str, str] | None:
        try:
            async with self._db.begin() as tx:
                found = await approvals.lookup(tx, number, code, at=self._clock.now())
        except TooMany:
            return None
        if found is None:
            return None
        return {"state": found.result.value, "decided": found.decided_at.isoformat()}
