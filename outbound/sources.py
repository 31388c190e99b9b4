"""Where notices get their facts: cases and citizens, read as the system's own process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from calls.service import request_originate
from cases import facts as case_facts
from cases.lookup import code_of
from contacts.queries import reach
from outbound.ports import CaseFacts
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock

ACTOR = Actor.system("notices")
URGENT_TIER = "emergency"
#: The fax machine of the development system, which answers every fax number.
FAX_SINK = "fax-sink"


@dataclass(frozen=True, slots=True)
class Cases:
    """Fits `outbound.ports.CaseSource`."""

    async def facts(self, tx: AsyncConnection, case_id: str) -> CaseFacts | None:
        """What a notice may say about the case and where its citizen is reached."""
        case = await case_facts.facts(tx, case_id, ACTOR)
        if case is None:
            return None
        where = await reach(tx, case.citizen_id, ACTOR) if case.citizen_id else None
        return CaseFacts(
            number=case.number,
            code=await code_of(tx, case_id, ACTOR),
            line=case.line,
            category=case.category[-1].name,
            confidential=case.confidential,
            phone=where.phone if where else "",
            reply=case.answer,
            last_contact_at=where.last_contact_at if where else None,
            urgent=case.tier == URGENT_TIER,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """Fits `outbound.ports.FaxLine`; in development every fax goes to the fax sink."""

    clock: Clock
    development: bool

    async def __call__(self, tx: AsyncConnection, *, key: str, number: str, file: Path) -> None:
        """Ask the telephone system to send `file`."""
        await request_originate(
            tx,
            key,
            context="fax-out",
            number=FAX_SINK if self.development else number,
            file=str(file),
            at=self.clock.now(),
        )
