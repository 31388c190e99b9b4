"""Sends notices by mail (SMTP, RFC 5321), one connection a message, in a thread."""

from __future__ import annotations

import asyncio
import re
import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row
from typing_extensions import override

from outbound import progress
from outbound.model import State
from rexian.kernel import work
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.work import Leased

log = structlog.get_logger()

MAX_ATTEMPTS = 12
TIMEOUT_S = 15.0
#: Shorter than the supervisor's patience: a process that stops waits for no dead server.
CONNECT_S = 5.0
PERMANENT = 500
#: Connecting, greeting, EHLO, MAIL, RCPT, DATA and its end may each take the time-out.
LONGEST_DIALOGUE = timedelta(seconds=8 * TIMEOUT_S)
GO_AHEAD = 354


@dataclass(frozen=True, slots=True)
class MailResult:
    """How one try ended: `state` WAITING means try again, nothing was taken."""

    state: State
    note: str


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. With `starttls` nothing is said before TLS; a login needs it."""

    host: str
    port: int
    starttls: bool = False
    ca: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)


class Dialogue(smtplib.SMTP):
    """One connection that knows whether the message may have left: not before the 354."""

    def __init__(self) -> None:
        """Not connected yet."""
        super().__init__(timeout=CONNECT_S)
        self.content_left = False
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Break the dialogue off if nothing of the message has left; from another thread."""
        with self._lock:
            if self.content_left:
                return
            self._stopped = True
            if self.sock is not None:
                with suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)

    def open(self, server: MailServer) -> None:
        """Connect, greet, go over to TLS and log in as the settings say."""
        self._host = server.host  # the name that the certificate must have
        self.connect(server.host, server.port)
        with self._lock:
            if self._stopped or self.sock is None:
                raise smtplib.SMTPServerDisconnected("stopping")
        self.sock.settimeout(TIMEOUT_S)
        self.ehlo_or_helo_if_needed()
        if server.starttls:
            self.starttls(context=ssl.create_default_context(cafile=server.ca))
            self.ehlo_or_helo_if_needed()
        if server.user:
            self.login(server.user, server.password)

    @override
    def data(self, msg: Any) -> tuple[int, bytes]:
        """DATA, and the content only after the server's go-ahead (RFC 5321 §4.1.1.4)."""
        self.putcmd("data")
        code, answer = self.getreply()
        if code != GO_AHEAD:
            raise smtplib.SMTPDataError(code, answer)
        octets = re.sub(rb"\r\n|\r|\n", b"\r\n", bytes(msg))
        octets = re.sub(rb"(?m)^\.", b"..", octets)
        with self._lock:
            if self._stopped:
                raise smtplib.SMTPServerDisconnected("stopping")
            self.content_left = True
        self.send(octets + (b".\r\n" if octets.endswith(b"\r\n") else b"\r\n.\r\n"))
        return self.getreply()


@dataclass(frozen=True, slots=True)
class MailSender:
    """The handler of work rows `outbound.mail`."""

    db: Database
    clock: Clock
    server: MailServer
    sender: str
    _under_way: set[Dialogue] = field(default_factory=set, repr=False)
    _holding: threading.Event = field(default_factory=threading.Event, repr=False)

    def hold(self) -> None:
        """The process is stopping: break off every dialogue that has handed in nothing yet."""
        self._holding.set()
        for dialogue in list(self._under_way):
            dialogue.stop()

    async def __call__(self, leased: Leased) -> None:
        """Send one mail and settle the work row."""
        message = await self._begin(leased)
        if message is None:
            return
        result = await asyncio.to_thread(self._send, message)
        await self._settle(leased, result)

    async def _begin(self, leased: Leased) -> Row[Any] | None:
        now = self.clock.now()
        async with self.db.begin() as tx:
            await work.check(tx, leased)
            message = await progress.lock(tx, leased.payload["message"])
            if message is None:
                await work.fail(tx, leased, "no such message")
                return None
            if message.state == State.SENDING.value:
                await progress.move(tx, message, State.UNCERTAIN, at=now, error="worker_lost")
                await work.mark_uncertain(tx, leased, "worker lost while sending")
                return None
            if message.state != State.WAITING.value:
                await work.finish(tx, leased)
                return None
            await progress.move(tx, message, State.SENDING, at=now)
            await work.extend(tx, leased, until=now + LONGEST_DIALOGUE)
        return message

    def _mail(self, message: Row[Any]) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.sender
        mail["To"] = message.recipient
        mail["Subject"] = message.title
        mail["Date"] = format_datetime(self.clock.now())
        # The same id for the same message for ever: a second copy is known as one.
        mail["Message-ID"] = f"<{message.id}@{self.sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        return mail

    def _send(self, message: Row[Any]) -> MailResult:
        """Runs in a thread. Only between the content and its answer is the outcome uncertain."""
        dialogue = Dialogue()
        self._under_way.add(dialogue)
        try:
            if self._holding.is_set():
                return MailResult(State.WAITING, "stopping")
            return self._dialogue(dialogue, message)
        finally:
            self._under_way.discard(dialogue)
            dialogue.close()

    def _dialogue(self, dialogue: Dialogue, message: Row[Any]) -> MailResult:
        try:
            dialogue.open(self.server)
        except (OSError, smtplib.SMTPException) as error:
            return MailResult(State.WAITING, type(error).__name__)
        try:
            refused = dialogue.send_message(self._mail(message))
        except (
            smtplib.SMTPRecipientsRefused,
            smtplib.SMTPSenderRefused,
            smtplib.SMTPDataError,
            smtplib.SMTPHeloError,
        ) as error:
            return _refusal(error)
        except smtplib.SMTPNotSupportedError:
            return MailResult(State.FAILED, "SMTPUTF8")  # the address needs it: nothing was sent
        except (OSError, smtplib.SMTPException) as error:
            state = State.UNCERTAIN if dialogue.content_left else State.WAITING
            return MailResult(state, type(error).__name__)
        return MailResult(State.FAILED if refused else State.SENT, "250")

    async def _settle(self, leased: Leased, result: MailResult) -> None:
        now = self.clock.now()
        async with self.db.begin() as tx:
            await work.check(tx, leased)
            message = await progress.lock(tx, leased.payload["message"])
            assert message is not None
            state = result.state
            if state is State.WAITING and leased.attempts >= MAX_ATTEMPTS:
                state = State.FAILED
            proof = {"smtp_reply": result.note, "mail_id": message.id}
            error = "" if state is State.SENT else result.note
            await progress.move(tx, message, state, at=now, error=error, proof=proof)
            if state is State.WAITING:
                pause = timedelta(seconds=min(2**leased.attempts, 900))
                await work.retry(tx, leased, at=now + pause, error=result.note)
            elif state is State.UNCERTAIN:
                await work.mark_uncertain(tx, leased, result.note)
            elif state is State.FAILED:
                await work.fail(tx, leased, result.note)
            else:
                await work.finish(tx, leased)


def _refusal(error: smtplib.SMTPException) -> MailResult:
    code = _code(error)
    state = State.FAILED if code >= PERMANENT else State.WAITING
    return MailResult(state, str(code))


def _code(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else PERMANENT
