"""Reader of the event log: what happened becomes messages, in the transaction of the cursor.

| event | who is told | how |
|---|---|---|
| case.accepted | the citizen | SMS: number and look-up code |
| case.closed | the citizen | SMS: the answer; nothing of the matter when confidential |
| approval.received | the applicant | SMS, fax, mail: each where given; a letter where nothing is |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from approvals.model import RESULT_NAMES, Approval
from approvals.queries import get as get_approval
from outbound import store
from outbound.model import Channel, NewMessage
from outbound.ports import CaseFacts, CaseSource
from outbound.quiet import QuietHours
from outbound.texts import quoting, render, sms_text
from rexian.kernel.actor import Actor
from rexian.kernel.clock import Clock, local
from rexian.kernel.events import Event
from rexian.kernel.phone import BadNumber, Phone, parse

log = structlog.get_logger()

READER = "notices"
ACTOR = Actor.system("notices")
EVENTS = ("case.accepted", "case.closed", "approval.received")


@dataclass(frozen=True, slots=True)
class Notices:
    """The handler of the reader `notices`."""

    cases: CaseSource
    clock: Clock
    quiet: QuietHours
    signature: str

    async def __call__(self, tx: AsyncConnection, event: Event) -> None:
        """Create the messages that `event` asks for; a second time nothing happens."""
        match event.type:
            case "case.accepted" | "case.closed":
                await self._case(tx, event)
            case "approval.received":
                await self._approval(tx, event)

    async def _case(self, tx: AsyncConnection, event: Event) -> None:
        facts = await self.cases.facts(tx, event.subject.id)
        phone = _mobile(facts.phone) if facts else None
        if facts is None or phone is None:
            log.info("nobody to tell by sms", event_id=event.id, type=event.type)
            return
        template = _template(event, facts)
        message = NewMessage(
            event_id=event.id,
            notice=template,
            channel=Channel.SMS,
            recipient=phone.e164,
            recipient_masked=phone.masked(),
            subject_kind="case",
            subject_id=event.subject.id,
            body=case_text(template, facts, self.signature),
        )
        await self._send(tx, message, facts.last_contact_at, urgent=facts.urgent)

    async def _approval(self, tx: AsyncConnection, event: Event) -> None:
        approval = await get_approval(tx, event.subject.id, ACTOR)
        words = approval_words(approval)
        page = render("approval_page", words)
        title = "审批结果告知书"
        told = False
        phone = _mobile(approval.phone)
        if phone is not None:
            text = quoting(
                approval.note,
                lambda note: sms_text("approval_received", {**words, "note": note}, self.signature),
            )
            await self._send(tx, _about(approval, event, Channel.SMS, phone, text))
            told = True
        fax = _callable(approval.fax)
        if fax is not None:
            await self._send(tx, _about(approval, event, Channel.FAX, fax, page, title))
            told = True
        if approval.email:
            mail = _to_mail(approval, event, page, title)
            await self._send(tx, mail)
            told = True
        if not told:
            await self._send(tx, _to_letter(approval, event, page, title))

    async def _send(
        self,
        tx: AsyncConnection,
        message: NewMessage,
        last_contact_at: datetime | None = None,
        *,
        urgent: bool = False,
    ) -> None:
        now = self.clock.now()
        send_after = self.quiet.earliest(
            now, message.channel, urgent=urgent, last_contact_at=last_contact_at
        )
        await store.create(tx, message, send_after=send_after, at=now, urgent=urgent)


def case_text(template: str, facts: CaseFacts, signature: str) -> str:
    """The signed SMS about a case."""
    words = {
        "number": facts.number,
        "digits": keypad(facts.number),
        "code": facts.code,
        "line": facts.line,
        "category": facts.category,
    }
    return quoting(
        facts.reply, lambda reply: sms_text(template, {**words, "reply": reply}, signature)
    )


def keypad(number: str) -> str:
    """The 13 digits of `12345-20261121-00007` that are keyed: 2026112100007."""
    return re.sub(r"[^0-9]", "", number.partition("-")[2])


def approval_words(approval: Approval) -> dict[str, str]:
    """What the templates of an approval may say."""
    return {
        "applicant": approval.applicant,
        "department": approval.department,
        "matter": approval.matter,
        "reference": approval.reference,
        "result": RESULT_NAMES[approval.result],
        "decided": local(approval.decided_at).strftime("%Y年%m月%d日 %H:%M"),
        "note": approval.note,
        "code": approval.code,
    }


def _template(event: Event, facts: CaseFacts) -> str:
    if event.type == "case.accepted":
        return "case_accepted"
    return "case_closed_confidential" if facts.confidential else "case_closed"


def _about(
    approval: Approval, event: Event, channel: Channel, phone: Phone, body: str, title: str = ""
) -> NewMessage:
    return NewMessage(
        event_id=event.id,
        notice="approval_received",
        channel=channel,
        recipient=phone.e164,
        recipient_masked=phone.masked(),
        subject_kind="approval",
        subject_id=approval.id,
        body=body,
        title=title,
    )


def _to_mail(approval: Approval, event: Event, page: str, title: str) -> NewMessage:
    name, _, host = approval.email.partition("@")
    return NewMessage(
        event_id=event.id,
        notice="approval_received",
        channel=Channel.MAIL,
        recipient=approval.email,
        recipient_masked=f"{name[:1]}***@{host}",
        subject_kind="approval",
        subject_id=approval.id,
        body=page,
        title=title,
    )


def _to_letter(approval: Approval, event: Event, page: str, title: str) -> NewMessage:
    return NewMessage(
        event_id=event.id,
        notice="approval_received",
        channel=Channel.LETTER,
        recipient=approval.applicant,
        recipient_masked="（邮寄）",
        subject_kind="approval",
        subject_id=approval.id,
        body=page,
        title=title,
    )


def _callable(number: str) -> Phone | None:
    try:
        phone = parse(number.partition("x")[0])
    except BadNumber:
        return None
    return phone if phone.subscriber else None


def _mobile(number: str) -> Phone | None:
    phone = _callable(number)
    return phone if phone is not None and phone.takes_sms else None
