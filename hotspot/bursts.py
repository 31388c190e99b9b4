"""Has a topic at a place more than its share? Two stages, as measured in docs. Pure.

Stage one is a Poisson CUSUM on daily counts: sensitive, early. Stage two asks for the chance of so
many cases in seven days under the baseline's rate, and holds the rate of false discoveries over all
series together (Benjamini and Hochberg 1995). Thresholds are data (`Thresholds`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a city may tune; kept in the table `hotspot_thresholds`.

    Days, cases and probabilities as named. `cusum_shift` is the factor by which a rate must rise
    to be looked for; `prior_days` the weight of the city-wide share against the series' own past.
    """

    window_days: int = 7
    baseline_days: int = 56
    prior_days: float = 7.0
    fewest: int = 3
    cusum_shift: float = 4.0
    cusum_height: float = 3.0
    chance: float = 1e-3
    false_discoveries: float = 0.05
    repeat_likeness: float = 0.15
    repeat_days: int = 30


def poisson_tail(count: int, mean: float) -> float:
    """Probability of `count` or more events where `mean` are expected (Poisson)."""
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    below = math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count)
    )
    if below < 1 - 1e-9:
        return 1 - below
    return math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count, count + 200)
    )


def predictive_tail(count: int, seen: float, exposure: float, window: float) -> float:
    """Probability of `count` or more in `window` days after `seen` events in `exposure` days.

    The rate is not known, only estimated: a gamma posterior gives a negative binomial, whose tail
    is heavier than Poisson's where the past is short. `seen` may be fractional (a prior's part).
    """
    if count <= 0:
        return 1.0
    if seen <= 0 or exposure <= 0:
        return 0.0
    stay = exposure / (exposure + window)
    terms = [_negative_binomial(k, seen, stay) for k in range(count)]
    below = math.fsum(terms)
    if below < 1 - 1e-9:
        return 1 - below
    return math.fsum(_negative_binomial(k, seen, stay) for k in range(count, count + 400))


def _negative_binomial(k: int, shape: float, stay: float) -> float:
    return math.exp(
        math.lgamma(k + shape)
        - math.lgamma(shape)
        - math.lgamma(k + 1)
        + shape * math.log(stay)
        + k * math.log1p(-stay)
    )


def cusum(counts: Sequence[int], mean: float, shift: float) -> float:
    """Return the Poisson CUSUM after the last of the daily `counts` (Lucas 1985), in cases.

    `mean` is the expected count a day, `shift` the factor of a rise worth finding. The sum falls
    by the reference value between both rates each day, never below zero.
    """
    usual = max(mean, 0.02)
    raised = max(usual * shift, usual + 0.25)
    reference = (raised - usual) / (math.log(raised) - math.log(usual))
    total = 0.0
    for count in counts:
        total = max(0.0, total + count - reference)
    return total


def discoveries(chances: Sequence[float], rate: float) -> list[bool]:
    """Which chances stand when at most `rate` of the discoveries may be false on average."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    last = 0
    for rank, index in enumerate(order, start=1):
        if chances[index] <= rate * rank / len(chances):
            last = rank
    kept = set(order[:last])
    return [index in kept for index in range(len(chances))]
