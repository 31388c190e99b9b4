"""How early are bursts found, how often is alarm given for nothing?

    python -m bench.hotspot.bursts [--seed 7] [--series 45] [--bursts 300]
    python -m bench.hotspot.bursts --data hot-messages.csv

Without `--data`, daily series with a mean of 0.25 a day are drawn (negative binomial). With
`--data`, a CSV with the columns `time` and `title`, real days are used: the messages are split
into as many series as asked for by the district named in the title. The data is never committed.
Bursts of 12 and of 6 messages within 7 days are put in at random places.
"""

from __future__ import annotations

import argparse
import csv
import re
import statistics
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from hotspot.bursts import Thresholds, cusum, poisson_tail, predictive_tail

LIMITS = Thresholds()
WINDOW, BASE = LIMITS.window_days, LIMITS.baseline_days
HISTORY = WINDOW + BASE


WORDS = ("噪", "扰", "物业", "学校", "路", "车", "房", "费")


@dataclass(frozen=True)
class Detector:
    name: str

    def alarm(self, counts: np.ndarray, day: int) -> bool:
        window = counts[day - WINDOW + 1 : day + 1]
        past = counts[max(0, day - HISTORY + 1) : day - WINDOW + 1]
        seen, exposure = float(past.sum()) + 0.5, len(past) + LIMITS.prior_days
        observed = int(window.sum())
        if observed < LIMITS.fewest:
            return False
        if self.name == "poisson 1e-3":
            return poisson_tail(observed, seen / exposure * WINDOW) < 1e-3
        if self.name == "predictive 1e-3":
            return predictive_tail(observed, seen, exposure, WINDOW) < 1e-3
        if self.name == "predictive 1e-4":
            return predictive_tail(observed, seen, exposure, WINDOW) < 1e-4
        height = float(self.name.split("h=")[1].split()[0])
        raised = cusum([int(c) for c in window], seen / exposure, LIMITS.cusum_shift) > height
        if "then" not in self.name:
            return raised
        return raised and predictive_tail(observed, seen, exposure, WINDOW) < LIMITS.chance


DETECTORS = [
    Detector(name)
    for name in (
        "cusum h=3",
        "cusum h=5",
        "poisson 1e-3",
        "predictive 1e-3",
        "predictive 1e-4",
        "cusum h=3 then predictive",
    )
]


def drawn(series: int, days: int, rng: np.random.Generator) -> np.ndarray:
    rates = rng.gamma(0.8, 0.25 / 0.8, size=(series, 1))
    return rng.negative_binomial(2, 2 / (2 + np.repeat(rates, days, axis=1)))


def real(file: Path, series: int) -> np.ndarray:
    days: dict[str, list[int]] = {}
    with file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            district = re.search(r"[A-Z]\d?[市区县]|[A-Z]\d+", row["title"])
            year, month, day = map(int, re.split(r"[-/]", row["time"].split()[0]))
            topic = "噪|扰" if re.search("噪|扰", row["title"]) else ""
            topic = topic or next(
                (word for word in ("物业", "学校", "路", "车", "房", "费") if word in row["title"]),
                "其他",
            )
            key = f"{district[0] if district else '?'}/{topic}"
            days.setdefault(key, []).append(date(year, month, day).toordinal())
    first = min(min(found) for found in days.values())
    last = max(max(found) for found in days.values())
    largest = sorted(days, key=lambda key: -len(days[key]))[:series]
    counts = np.zeros((len(largest), last - first + 1), dtype=int)
    for place, key in enumerate(largest):
        np.add.at(counts[place], np.array(days[key]) - first, 1)
    return counts[:, -HISTORY - 365 :]


def alarms_for_nothing(counts: np.ndarray, detector: Detector) -> float:
    """Alarms (first days of alarm) per series and year."""
    raised = 0.0
    for row in counts:
        before = False
        for day in range(HISTORY, counts.shape[1]):
            now = detector.alarm(row, day)
            raised += now and not before
            before = now
    return float(raised / counts.shape[0] / ((counts.shape[1] - HISTORY) / 365))


def found(
    counts: np.ndarray, detector: Detector, bursts: int, size: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Share of bursts found within their 7 days, and the median delay in days."""
    delays: list[int] = []
    for _ in range(bursts):
        row = counts[rng.integers(counts.shape[0])].copy()
        start = int(rng.integers(HISTORY, counts.shape[1] - WINDOW))
        spread = np.sort(rng.integers(0, WINDOW, size))
        spread[0] = 0
        np.add.at(row, start + spread, 1)
        delay = next((d for d in range(WINDOW) if detector.alarm(row, start + d)), None)
        if delay is not None:
            delays.append(delay)
    return len(delays) / bursts, statistics.median(delays) if delays else float("nan")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--series", type=int, default=45)
    options.add_argument("--bursts", type=int, default=300)
    chosen = options.parse_args()
    rng = np.random.default_rng(chosen.seed)
    made = drawn(chosen.series, HISTORY + 365, rng)
    counts = real(chosen.data, chosen.series) if chosen.data else made
    print(f"{counts.shape[0]} series, {counts.shape[1]} days, mean {counts.mean():.2f} a day")
    print("| detector | recall 12 | delay d | recall 6 | delay d | alarms/series-year | s |")
    print("|---|---|---|---|---|---|---|")
    for detector in DETECTORS:
        begun = time.perf_counter()
        many, early = found(counts, detector, chosen.bursts, 12, np.random.default_rng(chosen.seed))
        few, late = found(counts, detector, chosen.bursts, 6, np.random.default_rng(chosen.seed))
        nothing = alarms_for_nothing(counts, detector)
        took = time.perf_counter() - begun
        print(
            f"| {detector.name} | {many:.2f} | {early:g} | {few:.2f} | {late:g} "
            f"| {nothing:.2f} | {took:.1f} |"
        )


if __name__ == "__main__":
    main()
