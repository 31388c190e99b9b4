"""Suggestions while the agent types: category, department, possible repeats. The person decides.

The ranking is pure: keywords of a leaf found in the text count by their length (a long keyword is
rarely an accident), names of leaf and group too, pairs of characters shared with them a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.categories import Category, leaves
from directory.queries import Department, departments, government_of
from rexian.kernel.access import MASKED_NAME, Permission, may, require
from rexian.kernel.actor import Actor
from rexian.kernel.search import bigrams, normalise

LONGEST_TEXT = 2_000
REPEAT_DAYS = 30
_OWN_NAME, _GROUP_NAME, _PAIR = 3.0, 1.5, 0.15
#: A score of this much is read as even odds that the first suggestion is right.
_EVEN = 3.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A leaf, how sure (0 to 100), and the words of the text that speak for it."""

    category: Category
    confidence: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DepartmentSuggestion:
    """A department and the rule that names it."""

    department: Department
    reason: str


def rank(text: str, tree: Sequence[Category], limit: int = 3) -> list[Suggestion]:
    """Rank the leaves for `text`, best first; none when nothing of the text speaks for any."""
    low = normalise(text)[:LONGEST_TEXT]
    pairs = set(bigrams(low))
    scored = []
    for leaf in tree:
        points, reasons = _score(low, pairs, leaf)
        if reasons:
            scored.append((points, reasons, leaf))
    scored.sort(key=lambda entry: (-entry[0], entry[2].code))
    total = sum(points for points, _, _ in scored[: limit + 2])
    return [
        Suggestion(leaf, _confidence(points, total), tuple(reasons[:4]))
        for points, reasons, leaf in scored[:limit]
    ]


def _score(low: str, pairs: set[str], leaf: Category) -> tuple[float, list[str]]:
    points = 0.0
    reasons: list[str] = []
    group = leaf.path.split("/")[1]
    for word in sorted(set(leaf.keywords), key=lambda w: (-len(w), w)):
        if normalise(word) in low:
            points += len(word) ** 1.5 / 2
            reasons.append(word)
    for name, worth in ((leaf.name, _OWN_NAME), (group, _GROUP_NAME)):
        if name in low:
            points += worth
            reasons.append(name)
    about = set(bigrams(f"{leaf.name} {' '.join(leaf.keywords)}"))
    points += _PAIR * len(pairs & about)
    return points, list(dict.fromkeys(reasons))


def _confidence(points: float, total: float) -> int:
    """Turn a score into 0 to 99: how strong it is, and how far ahead of the others."""
    return min(99, round(100 * (points / total) * (points / (points + _EVEN))))


async def categories_for(
    tx: AsyncConnection, text: str, actor: Actor, limit: int = 3
) -> list[Suggestion]:
    """Suggest categories for what has been typed so far."""
    require(actor, Permission.ACCEPT_CASES)
    return rank(text, await leaves(tx), limit)


async def departments_for(
    tx: AsyncConnection, category: str, township: str, actor: Actor
) -> list[DepartmentSuggestion]:
    """Suggest who handles a category in a place: the category's department, then the government."""
    require(actor, Permission.ACCEPT_CASES)
    known = {entry.code: entry for entry in await departments(tx)}
    leaf = next((entry for entry in await leaves(tx) if entry.code == category), None)
    found = []
    if leaf and leaf.department in known:
        reason = f"事项“{leaf.path}”的职责单位"
        found.append(DepartmentSuggestion(known[leaf.department], reason))
    local = await government_of(tx, township) if township else None
    if local is not None:
        found.append(DepartmentSuggestion(local, "事发地属地单位，可作协办"))
    return found


@dataclass(frozen=True, slots=True)
class PossibleRepeat:
    """An earlier case of the same matter and place; `same_citizen` when the caller's own."""

    id: str
    number: str
    title: str
    state: str
    accepted_at: datetime
    same_citizen: bool


async def repeats(
    tx: AsyncConnection,
    *,
    category: str,
    township: str,
    citizen_id: str | None,
    actor: Actor,
    at: datetime,
    limit: int = 5,
) -> list[PossibleRepeat]:
    """Find cases of the last 30 days with the same category and place, the caller's own first."""
    require(actor, Permission.ACCEPT_CASES)
    found = await tx.execute(
        sql("""
            SELECT id, number, CASE WHEN confidential AND NOT :all AND accepted_by <> :by
                THEN :masked ELSE title END AS title, state, accepted_at,
                coalesce(citizen_id = :citizen, false) AS same_citizen
            FROM cases
            WHERE category = :category AND township = :township AND accepted_at > :since
            ORDER BY same_citizen DESC, accepted_at DESC LIMIT :limit
        """),
        {
            "category": category,
            "township": township,
            "citizen": citizen_id,
            "since": at - timedelta(days=REPEAT_DAYS),
            "all": may(actor, Permission.SEE_CONFIDENTIAL),
            "by": actor.id,
            "masked": MASKED_NAME,
            "limit": limit,
        },
    )
    return [PossibleRepeat(*row) for row in found]
