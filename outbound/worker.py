"""Everything of this room that runs in the worker: one reader, the senders, the SMPP session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contacts.service import sms_received
from outbound.mail_sender import MailSender
from outbound.model import Channel
from outbound.notices import EVENTS, READER, Notices
from outbound.paper_sender import FaxSender, LetterPrinter
from outbound.quiet import QuietHours
from outbound.receiving import INCOMPLETE, Receiver
from outbound.sms_sender import SmsSender
from outbound.sources import Cases, Line
from outbound.store import work_kind
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.readers import Reader
from rexian.kernel.settings import Settings
from rexian.kernel.work import Work
from sms.account import Account
from sms.client import SmppClient
from sms.reactor import release_reactor

#: SMPP passwords have at most 8 octets (SMPP 3.4 §4.1.1).
PASSWORD_OCTETS = 8


def account_of(settings: Settings, password: str) -> Account:
    """The SMPP account of the settings."""
    return Account(
        host=settings.sms.host,
        port=settings.sms.port or settings.ports.smpp,
        system_id=settings.sms.system_id,
        password=password[:PASSWORD_OCTETS],
        source_addr=settings.sms.source_addr,
        window=settings.sms.window,
    )


def quiet_hours(settings: Settings) -> QuietHours:
    """The quiet hours in force: none towards the simulated carrier unless asked for (ADR 8)."""
    notices = settings.notices
    if settings.development and not notices.quiet_in_development:
        return QuietHours.never()
    return QuietHours.parse(notices.quiet_from, notices.quiet_to, notices.contact_grace_min)


@dataclass(frozen=True, slots=True)
class Outbound:
    """The room as the worker runs it."""

    client: SmppClient
    reader: Reader
    handlers: Mapping[str, Work]

    @property
    def gates(self) -> Mapping[str, Callable[[], bool]]:
        """Work that waits while its gateway is away."""
        return {work_kind(Channel.SMS): lambda: self.client.bound}

    async def start(self) -> None:
        """Begin to keep the SMPP session bound; returns at once."""
        await self.client.start()

    async def stop(self) -> None:
        """Unbind; call it when the handlers have come to rest."""
        await self.client.stop()
        release_reactor()


def build(db: Database, clock: Clock, settings: Settings, *, smpp_password: str) -> Outbound:
    """Put the room together; nothing is connected yet."""
    receiver = Receiver(db, clock, sms_received)
    client = SmppClient(account_of(settings, smpp_password), receiver)
    quiet = quiet_hours(settings)
    notices = Notices(Cases(), clock, quiet, settings.sms.signature)
    fonts = settings.path("fonts")
    handlers: dict[str, Work] = {
        work_kind(Channel.SMS): SmsSender(db, clock, client, settings.sms.source_addr, quiet),
        work_kind(Channel.MAIL): MailSender(
            db,
            clock,
            settings.notices.mail_host,
            settings.notices.mail_port or settings.ports.mail,
            settings.notices.mail_from,
        ),
        work_kind(Channel.FAX): FaxSender(
            db,
            clock,
            fonts,
            settings.path("fax", "out"),
            Line(clock, settings.development),
            quiet,
        ),
        work_kind(Channel.LETTER): LetterPrinter(db, clock, fonts, settings.path("letters")),
        INCOMPLETE: receiver.incomplete,
    }
    reader = Reader(db, READER, notices, types=EVENTS, clock=clock)
    return Outbound(client, reader, handlers)
