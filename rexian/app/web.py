"""The web desk put together: every room's handlers on the web base."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncConnection

from agents import pages as desks
from approvals import pages as approvals_pages
from calls import service as calls
from calls.model import SeatAction
from cases.service import CaseService
from directory import service as directory
from exchange import api as exchange_api
from exchange import pages as exchange_pages
from hotspot import pages as hotspot_pages
from outbound import pages as outbound_pages
from outbound.queries import of_approval
from rexian.app.wiring import Services
from rexian.kernel.access import Permission
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.settings import Settings
from rexian.kernel.web import NavItem
from rexian.kernel.web.application import create_application


@dataclass(frozen=True, slots=True)
class Accounts:
    """Sign-in by the directory's users."""

    db: Database
    clock: Clock

    async def sign_in(self, login: str, password: str) -> Actor:
        """The user of that login and password."""
        return await directory.sign_in(self.db, login, password, clock=self.clock)

    async def actor(self, tx: AsyncConnection, user_id: str) -> Actor | None:
        """The user as of now."""
        return await directory.actor_of(tx, user_id)

    async def signed_out(self, tx: AsyncConnection, actor: Actor) -> None:
        """An agent who leaves the desk leaves the queues too; a call in talk goes on."""
        if actor.seat is not None:
            await calls.request_seat(tx, actor.seat, SeatAction.SIGN_OUT, at=self.clock.now())


@dataclass(frozen=True, slots=True)
class WebServices:
    """What handlers find in `request.app.state.services`."""

    settings: Settings
    clock: Clock
    db: Database
    accounts: Accounts
    cases: CaseService


HANDLERS = (
    *desks.HANDLERS,
    exchange_api.router,
    exchange_pages.router,
    hotspot_pages.router,
    approvals_pages.router(of_approval),
    outbound_pages.router,
)

NAV = (
    *desks.NAV,
    NavItem("/hotspots", "热点", Permission.READ_HOTSPOTS),
    *approvals_pages.NAV,
    *outbound_pages.NAV,
    NavItem("/exchange/files", "交换", Permission.READ_EXCHANGE_FILES),
)


def build_web(services: Services, *, follow: bool = True) -> Litestar:
    """The application of the process `desk`."""
    known = WebServices(
        settings=services.settings,
        clock=services.clock,
        db=services.db,
        accounts=Accounts(services.db, services.clock),
        cases=CaseService(services.db, services.clock),
    )
    return create_application(known, HANDLERS, NAV, follow=follow)
