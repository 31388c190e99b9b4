"""Contacts on every channel, and the citizens behind them.

A call's contact has the id of the call. Every function is idempotent: the same fact told twice
(Asterisk's events may be seen twice) changes nothing. Events hold ids and codes only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contacts.words import clean_body, clean_name, clean_number
from directory.queries import user_at_seat
from rexian.kernel import events
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import BadInput, NotFound
from rexian.kernel.ids import new_id
from rexian.kernel.phone import BadNumber, Phone, parse

FOLLOWER = Actor.system("calls")
INBOUND = Actor.system("inbound")
LONGEST_ADDRESS = 200


async def _record(
    tx: AsyncConnection, contact: str, type_: str, payload: dict[str, Any], who: Actor, at: datetime
) -> None:
    subject = events.Subject("contact", contact)
    await events.append(tx, subject, [events.NewEvent(type_, payload)], actor=who, at=at)


async def citizen_of_number(tx: AsyncConnection, number: str, at: datetime) -> str | None:
    """Return the id of the citizen with this number, made when new; None when it is withheld."""
    try:
        phone = parse(number)
    except BadNumber:
        return None
    return await citizen_of_phone(tx, phone, at) if phone.subscriber else None


async def citizen_of_phone(tx: AsyncConnection, phone: Phone, at: datetime) -> str:
    """Return the id of the citizen with this number, made when new."""
    found = await tx.execute(
        text("""
            INSERT INTO citizens (id, phone, phone_display, phone_masked, area, created_at,
                updated_at)
            VALUES (:id, :phone, :display, :masked, :area, :at, :at)
            ON CONFLICT (phone) DO UPDATE SET phone = excluded.phone
            RETURNING id
        """),
        {
            "id": new_id(),
            "phone": phone.e164,
            "display": phone.display,
            "masked": phone.masked(),
            "area": phone.area_name,
            "at": at,
        },
    )
    return str(found.scalar_one())


async def citizen_without_number(tx: AsyncConnection, contact_id: str | None, at: datetime) -> str:
    """Make a citizen who gave a name but no number, and note it on the contact; returns the id."""
    citizen = new_id()
    await tx.execute(
        text("INSERT INTO citizens (id, created_at, updated_at) VALUES (:id, :at, :at)"),
        {"id": citizen, "at": at},
    )
    await tx.execute(
        text("UPDATE contacts SET citizen_id = :citizen WHERE id = :id AND citizen_id IS NULL"),
        {"citizen": citizen, "id": contact_id},
    )
    return citizen


async def update_citizen(
    tx: AsyncConnection, citizen_id: str, *, name: str, address: str, actor: Actor, at: datetime
) -> None:
    """Note what the citizen says about himself. Empty words change nothing. Raises `NotFound`."""
    require(actor, Permission.ACCEPT_CASES)
    if len(address) > LONGEST_ADDRESS:
        raise BadInput(f"联系地址最多 {LONGEST_ADDRESS} 个字。", field="address")
    done = await tx.execute(
        text("""
            UPDATE citizens SET updated_at = :at,
                name = CASE WHEN :name = '' THEN name ELSE :name END,
                address = CASE WHEN :address = '' THEN address ELSE :address END
            WHERE id = :id
        """),
        {"id": citizen_id, "name": clean_name(name), "address": address.strip(), "at": at},
    )
    if not done.rowcount:
        raise NotFound
    subject = events.Subject("citizen", citizen_id)
    await events.append(tx, subject, [events.NewEvent("citizen.updated", {})], actor=actor, at=at)


async def call_started(
    tx: AsyncConnection, call_id: str, *, line: str, number: str, name: str = "", at: datetime
) -> None:
    """A caller reached `line`: the contact of the call begins. `number` and `name` as received."""
    number = clean_number(number)
    made = await tx.execute(
        text("""
            INSERT INTO contacts (id, channel, line, citizen_id, caller_number, caller_name,
                started_at)
            VALUES (:id, 'voice', :line, :citizen, :number, :name, :at)
            ON CONFLICT (id) DO NOTHING
        """),
        {
            "id": call_id,
            "line": line,
            "citizen": await citizen_of_number(tx, number, at),
            "number": number,
            "name": clean_name(name),
            "at": at,
        },
    )
    if made.rowcount:
        await _record(
            tx, call_id, "contact.started", {"channel": "voice", "line": line}, FOLLOWER, at
        )


async def call_queued(tx: AsyncConnection, call_id: str, *, at: datetime) -> None:
    """The caller entered a queue; the first entry counts."""
    await tx.execute(
        text("UPDATE contacts SET queued_at = :at WHERE id = :id AND queued_at IS NULL"),
        {"id": call_id, "at": at},
    )


async def call_answered(
    tx: AsyncConnection, call_id: str, *, seat: str, agent: str | None = None, at: datetime
) -> None:
    """A person at `seat` (the user `agent`, when known) answered; the last one to answer stays."""
    done = await tx.execute(
        text("""
            UPDATE contacts SET answered_at = coalesce(answered_at, :at), seat = :seat,
                agent = CAST(:agent AS text),
                outcome = 'answered'
            WHERE id = :id AND (seat IS DISTINCT FROM :seat)
        """),
        {"id": call_id, "seat": seat, "agent": agent or await user_at_seat(tx, seat), "at": at},
    )
    if done.rowcount:
        await _record(tx, call_id, "contact.answered", {"seat": seat}, FOLLOWER, at)


async def call_ended(tx: AsyncConnection, call_id: str, *, outcome: str = "", at: datetime) -> None:
    """The call is over. `outcome` is what the follower knows, such as abandoned or menu."""
    found = await tx.execute(
        text("""
            UPDATE contacts SET ended_at = :at, outcome = CASE
                WHEN answered_at IS NOT NULL THEN 'answered'
                WHEN :outcome <> '' THEN :outcome
                WHEN queued_at IS NOT NULL THEN 'abandoned' ELSE 'menu' END
            WHERE id = :id AND ended_at IS NULL RETURNING outcome
        """),
        {"id": call_id, "outcome": outcome, "at": at},
    )
    row = found.one_or_none()
    if row is not None:
        await _record(tx, call_id, "contact.ended", {"outcome": row.outcome}, FOLLOWER, at)


async def sms_received(
    tx: AsyncConnection, *, number: str, body: str, line: str, message_ref: str, at: datetime
) -> str:
    """Turn an inbound SMS into a contact; `message_ref` makes a repeat the same contact.

    Returns the contact's id.
    """
    contact = new_id()
    made = await tx.execute(
        text("""
            INSERT INTO contacts (id, channel, line, citizen_id, caller_number, started_at,
                ended_at, outcome, body, external_ref)
            VALUES (:id, 'sms', :line, :citizen, :number, :at, :at, 'received', :body, :ref)
            ON CONFLICT (channel, external_ref) WHERE external_ref IS NOT NULL DO NOTHING
        """),
        {
            "id": contact,
            "line": line,
            "citizen": await citizen_of_number(tx, clean_number(number), at),
            "number": clean_number(number),
            "at": at,
            "body": clean_body(body),
            "ref": message_ref,
        },
    )
    if not made.rowcount:
        found = await tx.execute(
            text("SELECT id FROM contacts WHERE channel = 'sms' AND external_ref = :ref"),
            {"ref": message_ref},
        )
        return str(found.scalar_one())
    digest = await events.text_hash(tx, body)
    facts = {"channel": "sms", "line": line, "text": digest}
    await _record(tx, contact, "contact.received", facts, INBOUND, at)
    return contact
