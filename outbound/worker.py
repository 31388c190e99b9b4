"""Everything of this room that runs in the worker: one reader, the senders, the SMPP session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from contacts.service import sms_received
from outbound.mail_sender import MailSender, MailServer
from outbound.model import Channel
from outbound.notices import EVENTS, READER, Notices
from outbound.paper_sender import FaxSender, LetterPrinter
from outbound.quiet import QuietHours
from outbound.receiving import INCOMPLETE, Receiver
from outbound.service import given_up
from outbound.sms_sender import SmsSender
from outbound.sources import Cases, Line
from outbound.store import work_kind
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import BadSetting
from rexian.kernel.metrics import registry
from rexian.kernel.readers import Reader
from rexian.kernel.settings import Settings
from rexian.kernel.work import Leased, OnGivenUp, Work
from sms.account import Account
from sms.client import SmppClient
from sms.metrics import SmppMetrics
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
    mail: MailSender
    clock: Clock
    metrics: SmppMetrics

    @property
    def on_given_up(self) -> Mapping[str, OnGivenUp]:
        """What becomes of a message whose work was given up: it is shown on /notices."""

        async def tell(tx: AsyncConnection, leased: Leased) -> None:
            await given_up(tx, leased, at=self.clock.now())

        return {work_kind(channel): tell for channel in Channel}

    @property
    def gates(self) -> Mapping[str, Callable[[], bool]]:
        """Work that waits while its gateway is away."""
        return {work_kind(Channel.SMS): lambda: self.client.bound}

    async def start(self) -> None:
        """Begin to keep the SMPP session bound; returns at once."""
        registry.register(self.metrics)
        await self.client.start()

    def hold(self) -> None:
        """The process is stopping: what has certainly not gone out goes back at once."""
        self.client.hold()
        self.mail.hold()

    async def stop(self) -> None:
        """Unbind; call it when the handlers have come to rest."""
        await self.client.stop()
        registry.unregister(self.metrics)
        release_reactor()


def _mail_server(settings: Settings, password: str) -> MailServer:
    notices = settings.notices
    if notices.mail_user and not notices.mail_starttls:
        raise BadSetting(
            "notices.mail_user 需要 notices.mail_starttls：密码不得明文传送。",
            setting="notices.mail_user",
        )
    return MailServer(
        host=notices.mail_host,
        port=notices.mail_port or settings.ports.mail,
        starttls=notices.mail_starttls,
        ca=notices.mail_ca,
        user=notices.mail_user,
        password=password,
    )


def build(
    db: Database,
    clock: Clock,
    settings: Settings,
    *,
    smpp_password: str,
    mail_password: str = "",
) -> Outbound:
    """Put the room together; nothing is connected yet."""
    receiver = Receiver.make(db, clock, sms_received)
    client = SmppClient(account_of(settings, smpp_password), receiver, receiver.answers)
    quiet = quiet_hours(settings)
    notices = Notices(Cases(), clock, quiet, settings.sms.signature)
    fonts = settings.path("fonts")
    mail = MailSender(db, clock, _mail_server(settings, mail_password), settings.notices.mail_from)
    handlers: dict[str, Work] = {
        work_kind(Channel.SMS): SmsSender(db, clock, client, settings.sms.source_addr, quiet),
        work_kind(Channel.MAIL): mail,
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
    return Outbound(client, reader, handlers, mail, clock, SmppMetrics(client))
