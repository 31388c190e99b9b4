"""What notices need from other rooms; the wiring binds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a notice about a case needs. `last_contact_at` is the citizen's last own contact.

    `phone` is E.164 or "" ; `reply` is what is said to the citizen; `code` the look-up code.
    """

    number: str
    code: str
    line: str
    category: str
    confidential: bool
    phone: str
    reply: str
    last_contact_at: datetime | None
    urgent: bool = False


class CaseSource(Protocol):
    """Reads a case for a notice, as the system's own actor."""

    async def facts(self, tx: AsyncConnection, case_id: str) -> CaseFacts | None:
        """The facts, or None when the case was erased."""


class InboundListener(Protocol):
    """Takes an SMS that came in; `contacts.service.sms_received` fits."""

    async def __call__(
        self,
        tx: AsyncConnection,
        *,
        number: str,
        body: str,
        line: str,
        message_ref: str,
        at: datetime,
    ) -> str:
        """Store it once under `message_ref`; returns the contact's id."""


class FaxLine(Protocol):
    """Places the call of a fax and transmits a file; `calls` fits."""

    async def __call__(self, tx: AsyncConnection, *, key: str, number: str, file: Path) -> None:
        """Ask for it once under `key`; the end is told to `FaxReports.attempt_finished`.

        `number` is as dialled on a Chinese trunk; `file` a Group 4 TIFF.
        """
