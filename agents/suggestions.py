"""While the agent types: category, department, promise, repeats, knowledge; each with its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from agents.answers import AnyRequest, Desk, desk_of
from agents.words import words_of
from cases import categories, store, suggest
from cases.deadlines import TIER_NAMES, Promise, Tier
from cases.words import KIND_TIERS, Kind
from contacts.queries import contact
from knowledge import queries as knowledge
from rexian.kernel.access import Permission
from rexian.kernel.actor import Actor
from rexian.kernel.errors import NotFound
from rexian.kernel.web import FormValues, actor_of, form_values, partial, requires, wants_json
from rexian.kernel.web import gettext as _

SHORTEST = 4
ARTICLES = 4
REPEATS = 2
#: A hit with less than this share of the best one's score is noise while typing.
FAR_BEHIND = 0.4


@dataclass(frozen=True, slots=True)
class Offer:
    """What one key would fill in, and why."""

    label: str
    reason: str
    confidence: float | None
    take: dict[str, str]

    @property
    def take_json(self) -> str:
        """The fields for the browser."""
        return json.dumps(self.take)


@dataclass(frozen=True, slots=True)
class Suggested:
    """Everything suggested for a form as it stands."""

    offers: list[Offer]
    promise: Promise | None
    repeats: list[suggest.PossibleRepeat]
    articles: list[knowledge.Hit]


async def suggested(tx: AsyncConnection, desk: Desk, values: FormValues, actor: Actor) -> Suggested:
    """Work out what to suggest for the form."""
    text = values.get("text", "")[: suggest.LONGEST_TEXT]
    chosen = values.get("category", "")
    ranked = await suggest.categories_for(tx, text, actor) if len(text) >= SHORTEST else []
    offers = await _offers(tx, ranked, values, actor)
    return Suggested(
        offers=offers,
        promise=await _promise(tx, desk, values),
        repeats=await _repeats(tx, desk, values, actor) if chosen else [],
        articles=await _articles(tx, text, actor),
    )


async def _articles(tx: AsyncConnection, text: str, actor: Actor) -> list[knowledge.Hit]:
    """Articles about the text; those far behind the best one are left out."""
    hits = await knowledge.search(tx, text, actor, ARTICLES, loose=True) if text else []
    return [hit for hit in hits if hit.score >= hits[0].score * FAR_BEHIND]


async def _offers(
    tx: AsyncConnection,
    ranked: list[suggest.Suggestion],
    values: FormValues,
    actor: Actor,
) -> list[Offer]:
    chosen = values.get("category", "")
    if chosen and values.get("department"):
        return []
    if chosen:
        return await _department_offer(tx, chosen, values.get("township", ""), actor)
    offers = []
    for one in ranked:
        departments = await suggest.departments_for(tx, one.category.code, "", actor)
        first = departments[0].department if departments else None
        arrow = f" → {first.short_name}" if first else ""
        offers.append(
            Offer(
                label=one.category.path.replace("/", " ▸ ") + arrow,
                reason=_("依据：%(words)s") % {"words": "、".join(one.reasons)},
                confidence=one.confidence / 100,
                take={"category": one.category.code, "department": first.code if first else ""},
            )
        )
    return offers


async def _department_offer(
    tx: AsyncConnection, category: str, township: str, actor: Actor
) -> list[Offer]:
    found = await suggest.departments_for(tx, category, township, actor)
    return [
        Offer(one.department.name, one.reason, None, {"department": one.department.code})
        for one in found
    ]


async def _promise(tx: AsyncConnection, desk: Desk, values: FormValues) -> Promise | None:
    wanted, kind = values.get("category", ""), values.get("kind", "")
    leaf = next((one for one in await categories.leaves(tx) if one.code == wanted), None)
    if leaf is None:
        return None
    if leaf.tier:
        tier = Tier(leaf.tier)
    elif kind in list(Kind):
        tier = KIND_TIERS[Kind(kind)]
    else:
        return None
    deadlines = await store.city_deadlines(tx, desk.cases.rules.deadlines)
    return deadlines.promise(tier, desk.clock.now())


async def _repeats(
    tx: AsyncConnection, desk: Desk, values: FormValues, actor: Actor
) -> list[suggest.PossibleRepeat]:
    citizen = None
    if values.get("contact"):
        try:
            citizen = (await contact(tx, values["contact"], actor)).citizen_id
        except NotFound:
            citizen = None
    return await suggest.repeats(
        tx,
        category=values.get("category", ""),
        township=values.get("township", ""),
        citizen_id=citizen,
        actor=actor,
        at=desk.clock.now(),
        limit=REPEATS,
    )


@post("/desk/suggest", guards=[requires(Permission.ACCEPT_CASES)], status_code=200)
async def suggestions(request: AnyRequest) -> Response[Any]:
    """Suggest for the form as typed so far.

    Fields: text, kind, category, department, township, contact. Answer in JSON: offers, promise,
    repeats, articles.
    """
    actor, desk = actor_of(request), desk_of(request)
    values = await form_values(request)
    async with desk.db.begin() as tx:
        found = await suggested(tx, desk, values, actor)
    if wants_json(request):
        return Response(_as_json(found))
    return partial(
        request,
        "agents/suggestion.html",
        found=found,
        promise=found.promise,
        promise_name=_(TIER_NAMES[found.promise.tier]) if found.promise else "",
        articles=found.articles,
        **words_of(desk),
    )


def _as_json(found: Suggested) -> dict[str, Any]:
    return {
        "offers": [
            {"label": o.label, "reason": o.reason, "confidence": o.confidence, "take": o.take}
            for o in found.offers
        ],
        "promise": {
            "tier": found.promise.tier.value,
            "due_at": found.promise.due_at.isoformat(),
            "provisional": found.promise.provisional,
        }
        if found.promise
        else None,
        "repeats": [{"id": one.id, "number": one.number} for one in found.repeats],
        "articles": [{"id": hit.article.id, "title": hit.article.title} for hit in found.articles],
    }
