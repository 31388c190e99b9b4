"""Finds cases that tell of the same matter: repeats. Pure, numpy only.

Characters' 2- and 3-grams with TF-IDF weights, cosine likeness, average linkage; place and time
gate: cases of different townships, or too many days apart, are never of one matter.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Gates = NDArray[np.bool_]

_chinese = re.compile(r"[^\u3400-\u9fff]+")
_keep = re.compile(r"[^\u3400-\u9fffA-Za-z0-9]+")
_scrubbed = re.compile(r"〔.*?〕")
_LONGEST_TEXT = 1_000
_LABEL_WORDS = 2
_LABEL_MOST = 10
_STOP = frozenset("的了是在我有和就不都也很说着这那吗呢吧您你们")


@dataclass(frozen=True, slots=True)
class Text:
    """A case's text as it may be compared: scrubbed of personal data; place code; day number."""

    case: str
    words: str
    place: str
    day: int


def repeats(texts: Sequence[Text], likeness: float, days: int) -> list[list[int]]:
    """Return groups of positions in `texts` that tell of one matter, largest first.

    `likeness` (0 to 1) is the mean cosine at which two groups are joined; texts more than `days`
    apart, or of different known townships, stay apart. Groups of one are left out.
    """
    if len(texts) < 2:  # noqa: PLR2004 - a repeat needs two
        return []
    joined = linkage(cosine([one.words for one in texts]), gates(texts, days), likeness)
    groups = [sorted(group) for group in joined if len(group) > 1]
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def grams(words: str) -> list[str]:
    """Return the 2- and 3-grams of characters of the text, punctuation taken out."""
    plain = _keep.sub("", _scrubbed.sub("", words[:_LONGEST_TEXT]))
    return [plain[i : i + n] for n in (2, 3) for i in range(len(plain) - n + 1)]


def cosine(texts: Sequence[str]) -> Matrix:
    """Return the cosine of every pair under TF-IDF (sublinear TF, smoothed IDF)."""
    counted = [Counter(grams(text)) for text in texts]
    spread = Counter(gram for counts in counted for gram in counts)
    column = {gram: n for n, gram in enumerate(sorted(g for g, df in spread.items() if df > 1))}
    weights = np.zeros((len(texts), max(len(column), 1)), dtype=np.float32)
    for row, counts in enumerate(counted):
        length = 0.0
        for gram, times in counts.items():
            value = _weight(times, spread[gram], len(texts))
            length += value * value
            if gram in column:
                weights[row, column[gram]] = value
        weights[row] /= math.sqrt(length) or 1.0
    return np.asarray(weights @ weights.T, dtype=np.float32)


def _weight(times: int, documents: int, total: int) -> float:
    return (1 + math.log(times)) * (math.log((1 + total) / (1 + documents)) + 1)


def gates(texts: Sequence[Text], days: int) -> Gates:
    """Which pairs may be of one matter at all."""
    day = np.array([one.day for one in texts])
    near = np.abs(day[:, None] - day[None, :]) <= days
    place = np.array([one.place for one in texts])
    coarse = np.array([len(one.place) <= 6 for one in texts])  # noqa: PLR2004 - a district's code
    same = place[:, None] == place[None, :]
    return np.asarray(near & (same | coarse[:, None] | coarse[None, :]), dtype=np.bool_)


def linkage(likeness: Matrix, allowed: Gates, least: float) -> list[list[int]]:
    """Average linkage: join the two most alike groups while their mean likeness is `least`.

    Two groups join only when every pair of theirs is allowed. Ties go to the earlier positions, so
    the same input gives the same groups. Work grows with the cube of the number of texts.
    """
    groups: dict[int, list[int]] = {n: [n] for n in range(len(likeness))}
    sums = likeness.astype(np.float64)
    may = allowed.copy()
    np.fill_diagonal(may, val=False)
    sizes = np.ones(len(likeness))
    while True:
        means = np.where(may, sums / (sizes[:, None] * sizes[None, :]), -1.0)
        first, second = divmod(int(np.argmax(means)), len(likeness))
        if means[first, second] < least:
            return list(groups.values())
        first, second = min(first, second), max(first, second)
        groups[first] += groups.pop(second)
        sums[first] += sums[second]
        sums[:, first] += sums[:, second]
        sizes[first] += sizes[second]
        may[first] &= may[second]
        may[:, first] = may[first]
        may[second] = may[:, second] = False
        may[first, first] = False


def label(texts: Sequence[str]) -> str:
    """Words that most of the texts share, at most two, for a person to recognise the matter."""
    counted = [set(_phrases(text)) for text in texts]
    spread = Counter(phrase for phrases in counted for phrase in phrases)
    least = max(2, math.ceil(len(texts) / 2))
    ranked = sorted(
        (phrase for phrase, df in spread.items() if df >= least),
        key=lambda phrase: (-(spread[phrase] ** 2) * (len(phrase) - 1), phrase),
    )
    chosen: list[str] = []
    for phrase in ranked:
        if len(chosen) == _LABEL_WORDS:
            break
        if not any(set(phrase) & set(other) for other in chosen):
            chosen.append(phrase)
    return " ".join(chosen)


def _phrases(text: str) -> list[str]:
    parts = _chinese.split(_scrubbed.sub("，", text[:_LONGEST_TEXT]))
    return [
        part[i : i + n]
        for part in parts
        for n in range(2, _LABEL_MOST + 1)
        for i in range(len(part) - n + 1)
        if part[i] not in _STOP and part[i + n - 1] not in _STOP
    ]
