"""What the agent took down, checked and tied to the citizen who called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from cases import categories, record
from cases.deadlines import Tier
from cases.discretion import at_intake
from cases.words import KIND_TIERS, Kind
from contacts.queries import own_contact, own_words
from contacts.service import citizen_without_number, update_citizen
from rexian.kernel.actor import Actor
from rexian.kernel.errors import BadInput, NotFound

TITLE_LENGTH = 36


@dataclass(frozen=True, slots=True)
class NewCase:
    """What the agent took down. `form_token` is made by the form: the same token, the same case.

    `address` is where the matter is; `name` and `citizen_address` are what the citizen said about
    himself and are kept with the citizen.
    """

    kind: str
    category: str
    text: str
    form_token: str
    line: str = "12345"
    township: str = ""
    address: str = ""
    confidential: bool = False
    contact_id: str | None = None
    name: str = ""
    citizen_address: str = ""
    tier: str = ""


async def classified(tx: AsyncConnection, new: NewCase) -> tuple[Kind, categories.Category]:
    """Give kind and category. Raises `BadInput` at the field."""
    if new.kind not in list(Kind):
        raise BadInput("请选择诉求类型。", field="kind")
    return Kind(new.kind), await categories.leaf(tx, new.category)


def tier_of(new: NewCase, kind: Kind, category: categories.Category) -> Tier:
    """Give the tier chosen, else the category's, else the kind's. Raises `BadInput`."""
    if new.tier:
        if new.tier not in list(Tier):
            raise BadInput("没有这一档办理时限，请重新选择。", field="tier")
        return Tier(new.tier)
    return Tier(category.tier) if category.tier else KIND_TIERS[kind]


async def citizen_of(tx: AsyncConnection, new: NewCase, actor: Actor, at: datetime) -> str | None:
    """Give the citizen of the contact, with what was said about himself noted.

    Raises `BadInput` for a contact that the actor did not take, as for one that does not exist.
    """
    citizen = None
    if new.contact_id:
        try:
            citizen = (await own_contact(tx, new.contact_id, actor)).citizen_id
        except NotFound as error:
            raise BadInput("没有找到这通来电的记录，请刷新页面。", field="contact") from error
    if not (new.name or new.citizen_address):
        return citizen
    if citizen is None:
        citizen = await citizen_without_number(tx, new.contact_id, at)
    await update_citizen(
        tx, citizen, name=new.name, address=new.citizen_address, actor=actor, at=at
    )
    await record.mask_again(tx, citizen)
    return citizen


async def title_of(tx: AsyncConnection, words: str, new: NewCase, citizen: str | None) -> str:
    """Give the first words; lists show them to many, so a confidential citizen is masked."""
    title = " ".join(words.split())
    if new.confidential:
        title = at_intake(title, await own_words(tx, citizen))
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…"
