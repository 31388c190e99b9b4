"""Reading contacts and citizens. Every read of personal data goes through a function here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rexian.kernel.access import MASKED_NAME, Permission, may, require
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden, NotFound

CHANNEL_NAMES = {
    "voice": "电话",
    "sms": "短信",
    "web": "网站",
    "email": "邮件",
    "fax": "传真",
    "letter": "信函",
}
OUTCOME_NAMES = {
    "open": "进行中",
    "answered": "已接听",
    "abandoned": "排队中挂断",
    "menu": "语音自助",
    "emergency": "转紧急电话",
    "received": "已收到",
}


@dataclass(frozen=True, slots=True)
class CitizenCard:
    """Who a citizen is, as the asker may see it: with `visible` False all is masked."""

    id: str | None
    name: str
    phone: str
    address: str
    area: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """One interaction; times are aware (UTC). `number` is shown to those who may see it."""

    id: str
    channel: str
    direction: str
    line: str
    citizen_id: str | None
    number: str
    caller_name: str
    started_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    seat: str | None
    agent: str | None
    outcome: str
    body: str

    @property
    def channel_name(self) -> str:
        """The channel in Chinese."""
        return CHANNEL_NAMES.get(self.channel, self.channel)

    @property
    def outcome_name(self) -> str:
        """The outcome in Chinese."""
        return OUTCOME_NAMES.get(self.outcome, self.outcome)


ANONYMOUS = CitizenCard(None, "匿名", "", "", "", True)
CONFIDENTIAL = CitizenCard(None, MASKED_NAME, MASKED_NAME, MASKED_NAME, "", False)

_CONTACT = """
    SELECT id, channel, direction, line, citizen_id, caller_number AS number, caller_name,
        started_at, queued_at, answered_at, ended_at, seat, agent, outcome, body
    FROM contacts
"""


async def citizen_card(
    tx: AsyncConnection, citizen_id: str | None, actor: Actor, *, visible: bool
) -> CitizenCard:
    """Return who a citizen is; `visible` is what `sees_identity` says about the matter at hand.

    Departments never come here: they read through the database's own function.
    """
    if actor.role is Role.DEPARTMENT:
        raise Forbidden(permission=Permission.READ_CITIZENS.value)
    if not visible:
        return CONFIDENTIAL
    if citizen_id is None:
        return ANONYMOUS
    require(actor, Permission.READ_CITIZENS)
    found = await tx.execute(
        text("SELECT id, name, phone_display, address, area FROM citizens WHERE id = :id"),
        {"id": citizen_id},
    )
    row = found.one_or_none()
    if row is None:
        return ANONYMOUS
    return CitizenCard(row.id, row.name, row.phone_display, row.address, row.area, True)


async def own_words(tx: AsyncConnection, citizen_id: str | None) -> tuple[str, ...]:
    """Return a citizen's name, number in its forms and address: to take out of a text, not to show."""
    found = await tx.execute(
        text("SELECT name, phone, phone_display, address FROM citizens WHERE id = :id"),
        {"id": citizen_id},
    )
    row = found.one_or_none()
    if row is None:
        return ()
    forms = (row.name, row.phone, (row.phone or "").removeprefix("+86"), row.phone_display)
    return tuple(word for word in (*forms, row.address) if word and len(word) > 1)


async def contact(tx: AsyncConnection, contact_id: str, actor: Actor) -> Contact:
    """Return one contact. Raises `NotFound`, or `Forbidden` for a role that reads no citizens."""
    require(actor, Permission.READ_CITIZENS)
    found = await tx.execute(text(_CONTACT + " WHERE id = :id"), {"id": contact_id})
    row = found.one_or_none()
    if row is None:
        raise NotFound(contact=contact_id)
    return Contact(*row)


async def own_contact(tx: AsyncConnection, contact_id: str, actor: Actor) -> Contact:
    """Return a contact that the actor may take a case down for.

    That is one the actor took, or one of the actor's seat that nobody else is known to have taken;
    roles that see confidential citizens may use any. Who accepts a case becomes one of the few who
    know a confidential citizen, and ids of contacts can be worked out: raises `NotFound` for
    somebody else's just as for one that does not exist, and `Forbidden` like `contact`.
    """
    found = await contact(tx, contact_id, actor)
    own_seat = found.agent is None and found.seat is not None and found.seat == actor.seat
    if own_seat or found.agent == actor.id or may(actor, Permission.SEE_CONFIDENTIAL):
        return found
    raise NotFound(contact=contact_id)


async def history(
    tx: AsyncConnection, citizen_id: str, actor: Actor, *, besides: str = "", limit: int = 10
) -> list[Contact]:
    """Return a citizen's contacts, newest first, without the one at hand (`besides`)."""
    require(actor, Permission.READ_CITIZENS)
    found = await tx.execute(
        text(
            _CONTACT + " WHERE citizen_id = :citizen AND id <> :besides"
            " ORDER BY started_at DESC LIMIT :limit"
        ),
        {"citizen": citizen_id, "besides": besides, "limit": limit},
    )
    return [Contact(*row) for row in found]


@dataclass(frozen=True, slots=True)
class Pop:
    """What the desk shows the moment a call is answered."""

    contact: Contact
    citizen: CitizenCard
    earlier: list[Contact]


async def pop(tx: AsyncConnection, contact_id: str, actor: Actor, *, limit: int = 5) -> Pop:
    """Return caller, area and earlier contacts of a call. Raises `NotFound`."""
    at_hand = await contact(tx, contact_id, actor)
    card = await citizen_card(tx, at_hand.citizen_id, actor, visible=True)
    earlier = (
        await history(tx, at_hand.citizen_id, actor, besides=contact_id, limit=limit)
        if at_hand.citizen_id
        else []
    )
    return Pop(at_hand, card, earlier)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a citizen can be told something: E.164 number, mail address; "" when unknown."""

    phone: str
    email: str
    last_contact_at: datetime | None


async def reach(tx: AsyncConnection, citizen_id: str, actor: Actor) -> Reach | None:
    """Return how to reach a citizen, for notices. Only for the system's own processes."""
    if actor.role is not Role.SYSTEM:
        raise Forbidden(permission="reach")
    found = await tx.execute(
        text("""
            SELECT coalesce(z.phone, '') AS phone, z.email,
                (SELECT max(coalesce(k.ended_at, k.started_at)) FROM contacts k
                 WHERE k.citizen_id = z.id AND k.direction = 'in') AS last_at
            FROM citizens z WHERE z.id = :id AND z.erased_at IS NULL
        """),
        {"id": citizen_id},
    )
    row = found.one_or_none()
    return Reach(row.phone, row.email, row.last_at) if row else None
