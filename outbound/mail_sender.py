"""Sends notices by mail (SMTP, RFC 5321), one connection a message, in a thread."""

from __future__ import annotations

import asyncio
import smtplib
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import structlog
from sqlalchemy import Row

from outbound import progress
from outbound.model import State
from rexian.kernel import work
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.work import Leased

log = structlog.get_logger()

MAX_ATTEMPTS = 12
TIMEOUT_S = 15.0
PERMANENT = 500
#: Connecting, greeting, EHLO, MAIL, RCPT, DATA and its end may each take the time-out.
LONGEST_DIALOGUE = timedelta(seconds=8 * TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class MailResult:
    """How one try ended: `state` WAITING means try again, nothing was taken."""

    state: State
    note: str


@dataclass(frozen=True, slots=True)
class MailSender:
    """The handler of work rows `outbound.mail`."""

    db: Database
    clock: Clock
    host: str
    port: int
    sender: str

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
        """Runs in a thread. Only between DATA and its answer is the outcome uncertain."""
        try:
            connection = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
            connection.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            return MailResult(State.WAITING, type(error).__name__)
        try:
            refused = connection.send_message(self._mail(message))
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
            return MailResult(State.UNCERTAIN, type(error).__name__)
        finally:
            connection.close()
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
