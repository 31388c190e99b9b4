"""Access functions: how notices stand, as proof for pages. No number and no text but where said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outbound.model import CHANNEL_NAMES, STATE_NAMES, Channel, State
from outbound.tables import messages, parts
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound

MAX_LISTED = 200
_RECEIPTS = {
    "DELIVRD": "已送达手机",
    "ENROUTE": "运营商转发中",
    "ACCEPTD": "运营商已受理",
    "EXPIRED": "超过有效期",
    "DELETED": "被删除",
    "UNDELIV": "无法送达",
    "REJECTD": "被拒收",
    "UNKNOWN": "状态不明",
}
ERROR_NAMES = {
    "worker_lost": "发送途中程序中断",
    "unanswered": "运营商没有回应",
    "throttled": "运营商要求放慢",
    "throttled_too_long": "运营商长时间限流",
    "not_bound": "短信网关未连接",
    "not_sent": "其他分段失败，这一段没有发出",
    "given_up": "程序多次出错，已停止尝试",
    "ESME_RSUBMITFAIL": "运营商拒绝提交",
    "ESME_RINVDSTADR": "号码无效",
    "ESME_RSYSERR": "运营商系统故障",
    "ESME_RMSGQFUL": "运营商队列已满",
    "BUSY": "对方占线",
    "NO_ANSWER": "无人接听",
    "receipt UNDELIV": "无法送达手机",
    "receipt REJECTD": "被运营商拒收",
    "receipt EXPIRED": "手机长时间无法接收",
}
_OPEN_COLUMNS = (
    messages.c.id,
    messages.c.notice,
    messages.c.channel,
    messages.c.subject_kind,
    messages.c.subject_id,
    messages.c.state,
    messages.c.send_after,
    messages.c.created_at,
    messages.c.sent_at,
    messages.c.settled_at,
    messages.c.error,
    messages.c.proof,
)
_PART_COLUMNS = (
    parts.c.message_id,
    parts.c.number,
    parts.c.total,
    parts.c.state,
    parts.c.carrier_message_id,
    parts.c.answered_at,
    parts.c.receipt_state,
    parts.c.receipt_error,
    parts.c.receipt_at,
    parts.c.error,
)


@dataclass(frozen=True, slots=True)
class PartProof:
    """One SMS part: the carrier's id and its receipt."""

    number: int
    total: int
    state: State
    carrier_message_id: str
    answered_at: datetime | None
    receipt_state: str
    receipt_error: str
    receipt_at: datetime | None
    error: str

    @property
    def state_name(self) -> str:
        """In Chinese."""
        return STATE_NAMES[self.state]

    @property
    def receipt_name(self) -> str:
        """The carrier's word in Chinese; "" before a receipt came."""
        return _RECEIPTS.get(self.receipt_state, self.receipt_state)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message and what proves how it stands.

    `proof` of a fax: fax_status, fax_pages, fax_rate, seconds, page (file in var/fax/out), received
    (development: file in var/fax/received); of a mail: smtp_reply, mail_id; of a letter: file.
    """

    id: str
    notice: str
    channel: Channel
    subject_kind: str
    subject_id: str
    state: State
    send_after: datetime
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    error: str
    proof: dict[str, Any]
    parts: tuple[PartProof, ...] = ()
    recipient_masked: str = ""
    text: str = field(default="", repr=False)

    @property
    def error_name(self) -> str:
        """Why it stands so, in Chinese; a carrier's own code is shown as it is."""
        return ERROR_NAMES.get(self.error, self.error)

    @property
    def channel_name(self) -> str:
        """In Chinese."""
        return CHANNEL_NAMES[self.channel]

    @property
    def state_name(self) -> str:
        """In Chinese."""
        return STATE_NAMES[self.state]


async def of_case(tx: AsyncConnection, case_id: str) -> list[Notice]:
    """Notices about a case, oldest first: channel, state, parts, receipts; no number, no text.

    Works in a department's transaction too, for the cases dispatched to it.
    """
    return await _of(tx, "case", case_id)


async def of_approval(tx: AsyncConnection, approval_id: str) -> list[Notice]:
    """Notices about an approval, with their proofs (SMS receipts, fax pages, mail replies)."""
    return await _of(tx, "approval", approval_id)


async def needing_decision(tx: AsyncConnection, actor: Actor) -> list[Notice]:
    """Uncertain and failed messages that nobody has decided on, newest first, recipients masked.

    Raises `Forbidden` without RESOLVE_NOTICES.
    """
    require(actor, Permission.RESOLVE_NOTICES)
    found = await tx.execute(
        select(*_OPEN_COLUMNS, messages.c.recipient_masked)
        .where(
            messages.c.state.in_([State.UNCERTAIN.value, State.FAILED.value]),
            messages.c.decided_by.is_(None),
        )
        .order_by(messages.c.created_at.desc())
        .limit(MAX_LISTED)
    )
    return await _with_parts(tx, found.all())


async def get(tx: AsyncConnection, message_id: str, actor: Actor) -> Notice:
    """One message with its text and masked recipient, for who decides on it."""
    require(actor, Permission.RESOLVE_NOTICES)
    found = await tx.execute(
        select(*_OPEN_COLUMNS, messages.c.recipient_masked, messages.c.body.label("text")).where(
            messages.c.id == message_id
        )
    )
    notices = await _with_parts(tx, found.all())
    if not notices:
        raise NotFound("没有找到这条通知。")
    return notices[0]


async def _of(tx: AsyncConnection, kind: str, subject_id: str) -> list[Notice]:
    found = await tx.execute(
        select(*_OPEN_COLUMNS)
        .where(messages.c.subject_kind == kind, messages.c.subject_id == subject_id)
        .order_by(messages.c.created_at, messages.c.id)
    )
    return await _with_parts(tx, found.all())


async def _with_parts(tx: AsyncConnection, rows: Sequence[Any]) -> list[Notice]:
    found = await tx.execute(
        select(*_PART_COLUMNS)
        .where(parts.c.message_id.in_([row.id for row in rows]))
        .order_by(parts.c.message_id, parts.c.number)
    )
    proofs: dict[str, list[PartProof]] = {}
    for row in found:
        values = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's public mapping)
        of = values.pop("message_id")
        values["state"] = State(values["state"])
        values["carrier_message_id"] = values["carrier_message_id"] or ""
        proofs.setdefault(of, []).append(PartProof(**values))
    return [_notice(row, tuple(proofs.get(row.id, ()))) for row in rows]


def _notice(row: Any, proofs: tuple[PartProof, ...]) -> Notice:
    values = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's public mapping)
    values["channel"] = Channel(values["channel"])
    values["state"] = State(values["state"])
    return Notice(**values, parts=proofs)
