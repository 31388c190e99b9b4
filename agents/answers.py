"""What the desks' handlers share: the services, and pages that come back with a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request

from cases.service import CaseService
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import RexianError
from rexian.kernel.settings import Settings
from rexian.kernel.web import gettext as _

AnyRequest = Request[Any, Any, Any]
#: Errors that a person mends in the form: the page comes back with what was typed.
MENDABLE = frozenset({409, 422})


@dataclass(frozen=True, slots=True)
class Desk:
    """The services the desks use, as the wiring made them."""

    db: Database
    clock: Clock
    settings: Settings
    cases: CaseService


def desk_of(request: AnyRequest) -> Desk:
    """The services of this application."""
    services = request.app.state.services
    return Desk(services.db, services.clock, services.settings, services.cases)


def mendable(error: RexianError) -> bool:
    """Whether the form should come back with the error's sentence at its field."""
    return error.status in MENDABLE


def sentences(error: RexianError, fields: frozenset[str]) -> dict[str, str]:
    """The sentence at its field; at "" (the top of the form) when the form has no such field."""
    field = error.field if error.field in fields else ""
    return {field or "": _(error.sentence)}
