"""The words of an approval: what the one-stop approval system tells and the applicant hears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Result(StrEnum):
    """What was decided."""

    GRANTED = "granted"
    REFUSED = "refused"
    SUPPLEMENT = "supplement"


RESULT_NAMES = {
    Result.GRANTED: "准予许可",
    Result.REFUSED: "不予许可",
    Result.SUPPLEMENT: "需补正材料",
}


@dataclass(frozen=True, slots=True)
class NewApproval:
    """A result as it arrives. `system` and `reference` together are unique for ever.

    `phone`, `fax` and `email` say where the applicant wants to be told; empty: not there.
    `decided_at` is aware. `note` is the reason, the missing documents, where to collect.
    """

    system: str
    reference: str
    matter: str
    result: Result
    decided_at: datetime
    department: str
    applicant: str
    phone: str = ""
    fax: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A stored result. `keypad` and `code` are what the applicant keys in the look-up menu."""

    id: str
    system: str
    reference: str
    matter: str
    result: Result
    decided_at: datetime
    department: str
    applicant: str
    phone: str
    fax: str
    email: str
    note: str
    keypad: str
    code: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Received:
    """What `service.receive` did: `created` is False when the very same result was there."""

    approval: Approval
    created: bool
