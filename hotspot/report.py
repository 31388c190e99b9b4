"""From case facts to the report. Pure: the same facts and texts give the same report.

Live figures and a replay of the events both come through `report`, so they cannot differ but by
their facts. The report lists every topic × place that has a case in the window.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from hotspot.bursts import Thresholds, cusum, discoveries, predictive_tail
from hotspot.heat import distinct_citizens, heat
from hotspot.model import CaseFact, Heat, Matter, Spot
from rexian.kernel.clock import local

DISTRICT_DIGITS = 6
_ORDER = {Heat.HOT: 0, Heat.WARMING: 1, Heat.WATCH: 2}


@dataclass(frozen=True, slots=True)
class _Share:
    """Cases a day everywhere in baseline and window: what a series' share is a share of."""

    baseline: int
    window: int


def day_of(at: datetime) -> date:
    """Return the local day (Asia/Shanghai) of `at`."""
    return local(at).date()


def report(
    facts: Iterable[CaseFact],
    texts: Mapping[str, str],
    today: date,
    thresholds: Thresholds,
) -> list[Spot]:
    """Return the spots of the window that ends with `today`, hottest first.

    `texts` by case id are scrubbed of personal data; a case without one (confidential, erased)
    counts in every figure and belongs to no matter.
    """
    history = thresholds.window_days + thresholds.baseline_days
    since = today - timedelta(days=history - 1)
    known = sorted(
        (fact for fact in facts if since <= day_of(fact.accepted_at) <= today),
        key=lambda fact: (fact.accepted_at, fact.id),
    )
    series = _series(known)
    first = min((day_of(fact.accepted_at) for fact in known), default=today)
    window_from = today - timedelta(days=thresholds.window_days - 1)
    live = {
        key: cases
        for key, cases in series.items()
        if any(day_of(case.accepted_at) >= window_from for case in cases)
    }
    calendar = _Calendar(today, window_from, max(since, first), thresholds)
    totals = _totals(known, calendar)
    spots = [_spot(key, cases, totals, calendar, texts) for key, cases in live.items()]
    return sorted(_without_echoes(_confirmed(spots, thresholds), known), key=_rank)


@dataclass(frozen=True, slots=True)
class _Calendar:
    today: date
    window_from: date
    since: date
    thresholds: Thresholds

    @property
    def baseline_days(self) -> int:
        """Days before the window that are known at all."""
        return max((self.window_from - self.since).days, 0)


def _series(known: Sequence[CaseFact]) -> dict[tuple[str, str], list[CaseFact]]:
    """Cases by topic and place: each township, and each district that joins several places."""
    found: dict[tuple[str, str], list[CaseFact]] = defaultdict(list)
    places: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in known:
        found[fact.category, fact.place].append(fact)
        places[fact.category, fact.place[:DISTRICT_DIGITS]].add(fact.place)
    for (topic, district), parts in places.items():
        if len(parts) > 1 and district:
            joined = [case for part in sorted(parts) for case in found.get((topic, part), [])]
            found[topic, district] = sorted(set(joined), key=lambda f: (f.accepted_at, f.id))
    return dict(found)


def _totals(known: Sequence[CaseFact], calendar: _Calendar) -> _Share:
    window = sum(day_of(fact.accepted_at) >= calendar.window_from for fact in known)
    return _Share(len(known) - window, window)


def _spot(
    key: tuple[str, str],
    cases: Sequence[CaseFact],
    totals: _Share,
    calendar: _Calendar,
    texts: Mapping[str, str],
) -> Spot:
    topic, place = key
    limits = calendar.thresholds
    days = [day_of(case.accepted_at) for case in cases]
    window = [c for c, day in zip(cases, days, strict=True) if day >= calendar.window_from]
    before_from = calendar.window_from - timedelta(days=limits.window_days)
    past = len(cases) - len(window)
    shape, exposure = _rate(past, len(window), totals, calendar)
    expected = shape / exposure * limits.window_days
    chance = predictive_tail(len(window), shape, exposure, limits.window_days)
    daily = [0] * limits.window_days
    for day in days:
        if day >= calendar.window_from:
            daily[(day - calendar.window_from).days] += 1
    return Spot(
        topic=topic,
        place=place,
        day=calendar.today,
        state=Heat.WATCH,
        observed=len(window),
        today=sum(day == calendar.today for day in days),
        before=sum(before_from <= day < calendar.window_from for day in days),
        expected=round(expected, 3),
        chance=float(f"{chance:.3g}"),
        cusum=round(cusum(daily, shape / exposure, limits.cusum_shift), 3),
        citizens=distinct_citizens(window),
        heat=heat(window),
        open=sum(case.closed_at is None for case in window),
        first_at=window[0].accepted_at,
        last_at=window[-1].accepted_at,
        cases=tuple(case.id for case in window),
        matters=_matters(cases, window, texts, calendar),
    )


def _rate(past: int, seen: int, totals: _Share, calendar: _Calendar) -> tuple[float, float]:
    """Gamma posterior of the daily rate: shape (cases) and exposure (days).

    The prior is weak and says half a case in `prior_days`. Days are stretched by how busy the rest
    of the city is against its own past, so that a busy week everywhere is no hotspot anywhere.
    """
    limits = calendar.thresholds
    exposure = limits.prior_days + calendar.baseline_days
    rest_window, rest_past = totals.window - seen, totals.baseline - past
    if not calendar.baseline_days:
        return 0.5 + past, exposure
    usual = rest_past / calendar.baseline_days * limits.window_days
    surge = (rest_window + limits.window_days) / (usual + limits.window_days)
    return 0.5 + past, exposure / min(max(surge, 0.5), 3.0)


def _matters(
    cases: Sequence[CaseFact],
    window: Sequence[CaseFact],
    texts: Mapping[str, str],
    calendar: _Calendar,
) -> tuple[Matter, ...]:
    """Repeats among the cases, those that have a case in the window, largest first."""
    from hotspot.topics import Text, label, repeats  # with numpy: not for who only wakes the work

    limits = calendar.thresholds
    since = calendar.today - timedelta(days=limits.repeat_days)
    told = [
        Text(c.id, texts[c.id], c.place, day_of(c.accepted_at).toordinal())
        for c in cases
        if texts.get(c.id) and day_of(c.accepted_at) >= since
    ][-_MOST_TEXTS:]
    fresh = {case.id for case in window}
    found: list[Matter] = []
    for group in repeats(told, limits.repeat_likeness, limits.repeat_days):
        ids = tuple(told[position].case for position in group)
        if fresh & set(ids):
            found.append(Matter(label([told[position].words for position in group]), ids))
    return tuple(found)


_MOST_TEXTS = 300
"""Newest texts of one topic and place that are compared; linkage grows with the cube."""


def _confirmed(spots: Sequence[Spot], limits: Thresholds) -> list[Spot]:
    """Second stage: chance below the limit, and false discoveries held over all series."""
    stands = discoveries([spot.chance for spot in spots], limits.false_discoveries)
    return [
        replace(spot, state=_state(spot, limits, stands=stand))
        for spot, stand in zip(spots, stands, strict=True)
    ]


def _without_echoes(spots: Sequence[Spot], known: Sequence[CaseFact]) -> list[Spot]:
    """Leave out a district's line when its townships' lines already say as much.

    It stays when it is hotter than each of them, or has cases without a township.
    """
    own = {(fact.category, fact.place) for fact in known}
    hottest: dict[tuple[str, str], int] = {}
    for spot in spots:
        district = spot.topic, spot.place[:DISTRICT_DIGITS]
        if len(spot.place) > DISTRICT_DIGITS:
            hottest[district] = min(_ORDER[spot.state], hottest.get(district, len(_ORDER)))
    return [
        spot
        for spot in spots
        if len(spot.place) != DISTRICT_DIGITS
        or (spot.topic, spot.place) in own
        or _ORDER[spot.state] < hottest.get((spot.topic, spot.place), len(_ORDER))
    ]


def _state(spot: Spot, limits: Thresholds, *, stands: bool) -> Heat:
    if spot.observed < limits.fewest or spot.citizens < 2:  # noqa: PLR2004 - one caller is no hotspot
        return Heat.WATCH
    if stands and spot.chance < limits.chance:
        return Heat.HOT
    return Heat.WARMING if spot.cusum > limits.cusum_height else Heat.WATCH


def _rank(spot: Spot) -> tuple[int, float, float, float, str, str]:
    newest = -spot.last_at.timestamp()
    chance = math.log10(max(spot.chance, 1e-300))
    return (_ORDER[spot.state], -spot.heat, chance, newest, spot.topic, spot.place)
