"""Results come in here, once each."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from approvals.model import Approval, NewApproval, Received, Result
from approvals.queries import row_to_approval
from approvals.tables import approvals
from rexian.kernel import phone
from rexian.kernel.actor import Actor
from rexian.kernel.errors import BadInput, NotAllowed
from rexian.kernel.events import NewEvent, Subject, append, text_hash
from rexian.kernel.ids import new_id

MAX_TEXT = 2_000
MAX_SHORT = 200
_EMAIL = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_CONTENT = (
    "matter",
    "result",
    "decided_at",
    "department",
    "applicant",
    "phone",
    "fax",
    "email",
    "note",
)


class ReferenceTaken(NotAllowed):
    """Another result stands under this system and reference already."""

    code = "approval_reference_taken"
    default_sentence = (
        "同一系统、同一编号已有内容不同的审批结果。为避免把两个结果都告知申请人，这一条没有收下；"
        "请原系统换用新的编号报送更正。"
    )


async def receive(tx: AsyncConnection, new: NewApproval, actor: Actor, *, at: datetime) -> Received:
    """Store `new` and append `approval.received`, in the caller's transaction, once.

    The same (system, reference) with the same content again changes nothing and returns the
    stored one. Raises `BadInput` naming the field at fault, `ReferenceTaken` for other content.
    """
    values = checked(new)
    row = {
        "id": new_id(),
        "system": new.system.strip(),
        "reference": new.reference.strip(),
        "keypad": re.sub(r"[^0-9]", "", new.reference)[-20:],
        "code": f"{secrets.randbelow(1_000_000):06d}",
        "received_at": at,
        **values,
    }
    stored = await tx.execute(
        insert(approvals).values(row).on_conflict_do_nothing().returning(*approvals.c)
    )
    fresh = stored.one_or_none()
    if fresh is None:
        return await _again(tx, row)
    approval = row_to_approval(fresh)
    await append(
        tx,
        Subject("approval", approval.id),
        [await _received(tx, approval)],
        actor=actor,
        at=at,
    )
    return Received(approval, created=True)


def checked(new: NewApproval) -> dict[str, object]:
    """The content as it is stored: trimmed, numbers in E.164. Raises `BadInput` with `field`."""
    for name, most in (("system", 64), ("reference", 64), ("matter", MAX_SHORT)):
        _text(getattr(new, name), name, most, required=True)
    if new.decided_at.tzinfo is None:
        raise BadInput("审批时间须带时区。", field="decided_at")
    return {
        "matter": _text(new.matter, "matter", MAX_SHORT, required=True),
        "result": Result(new.result).value,
        "decided_at": new.decided_at,
        "department": _text(new.department, "department", MAX_SHORT, required=True),
        "applicant": _text(new.applicant, "applicant", MAX_SHORT, required=True),
        "phone": _number(new.phone, "phone"),
        "fax": _number(new.fax, "fax"),
        "email": _email(new.email),
        "note": _text(new.note, "note", MAX_TEXT),
    }


async def _again(tx: AsyncConnection, row: dict[str, object]) -> Received:
    found = await tx.execute(
        select(approvals).where(
            approvals.c.system == row["system"], approvals.c.reference == row["reference"]
        )
    )
    stored = found.one()
    other = [name for name in _CONTENT if getattr(stored, name) != row[name]]
    if other:
        raise ReferenceTaken(fields=other, approval=stored.id)
    return Received(row_to_approval(stored), created=False)


async def _received(tx: AsyncConnection, approval: Approval) -> NewEvent:
    ways = (("sms", approval.phone), ("fax", approval.fax), ("mail", approval.email))
    words = {"matter": approval.matter, "note": approval.note}
    return NewEvent(
        "approval.received",
        {
            "approval": approval.id,
            "result": approval.result.value,
            "channels": [name for name, where in ways if where],
            "texts": {kind: await text_hash(tx, text) for kind, text in words.items() if text},
        },
    )


def _text(value: str, field: str, most: int, *, required: bool = False) -> str:
    text = value.strip()
    if required and not text:
        raise BadInput(f"缺少“{field}”。", field=field)
    if len(text) > most or "\0" in text:
        raise BadInput(f"“{field}”过长（最多 {most} 字）或有不可用的字符。", field=field)
    return text


def _number(value: str, field: str) -> str:
    if not value.strip():
        return ""
    try:
        found = phone.parse(value)
    except phone.BadNumber as error:
        raise BadInput(f"“{field}”不是可用的电话号码。", field=field) from error
    return found.e164 + (f"x{found.extension}" if found.extension else "")


def _email(value: str) -> str:
    text = value.strip()
    if text and not _EMAIL.fullmatch(text):
        raise BadInput("“email”不是可用的邮箱地址。", field="email")
    return text
