"""What the pages of approvals show from other rooms; the wiring binds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class PartShown(Protocol):
    """One part of an SMS as the page shows it."""

    @property
    def number(self) -> int:
        """From 1."""

    @property
    def total(self) -> int:
        """How many parts."""

    @property
    def carrier_message_id(self) -> str:
        """The carrier's id, "" before it answered."""

    @property
    def state_name(self) -> str:
        """In Chinese."""

    @property
    def receipt_name(self) -> str:
        """The carrier's word in Chinese, "" before it came."""

    @property
    def receipt_at(self) -> datetime | None:
        """When it came."""


class NoticeShown(Protocol):
    """One notice as the page shows it; `outbound.queries.Notice` fits."""

    @property
    def channel_name(self) -> str:
        """In Chinese."""

    @property
    def state(self) -> str:
        """waiting, sending, sent, delivered, failed, uncertain."""

    @property
    def state_name(self) -> str:
        """In Chinese."""

    @property
    def error_name(self) -> str:
        """In Chinese, "" without an error."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def sent_at(self) -> datetime | None:
        """When it left."""

    @property
    def settled_at(self) -> datetime | None:
        """When it was delivered or failed."""

    @property
    def proof(self) -> dict[str, Any]:
        """Facts of a fax, mail or letter."""

    @property
    def parts(self) -> Sequence[PartShown]:
        """Of an SMS."""


#: `outbound.queries.of_approval` fits.
Proofs = Callable[[AsyncConnection, str], Awaitable[Sequence[NoticeShown]]]
