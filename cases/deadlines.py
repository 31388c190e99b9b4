"""When a case is due. The clock of the promise starts at dispatch, not at signing (domain.md).

Which tier promises how much is data: the table `promise_tiers`, seeded from
`cases/seed/promises.yaml`. Pure: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from rexian.kernel.errors import BadInput
from rexian.kernel.workdays import Unit, WorkCalendar, WorkingTime


class Tier(StrEnum):
    """How urgent a matter is; the amounts promised are data."""

    EMERGENCY = "emergency"
    UTILITIES = "utilities"
    ENQUIRY = "enquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    COMPLEX = "complex"


TIER_NAMES: Mapping[Tier, str] = MappingProxyType(
    {
        Tier.EMERGENCY: "紧急",
        Tier.UTILITIES: "水电气暖",
        Tier.ENQUIRY: "咨询",
        Tier.HELP: "求助与建议",
        Tier.COMPLAINT: "投诉",
        Tier.COMPLEX: "疑难复杂",
    }
)

#: The centre's defaults (domain.md, The centre's rules).
DEFAULT_PROMISES: Mapping[Tier, WorkingTime] = MappingProxyType(
    {
        Tier.EMERGENCY: WorkingTime(2, Unit.NATURAL_HOURS),
        Tier.UTILITIES: WorkingTime(24, Unit.NATURAL_HOURS),
        Tier.ENQUIRY: WorkingTime(1, Unit.WORKING_DAYS),
        Tier.HELP: WorkingTime(5, Unit.WORKING_DAYS),
        Tier.COMPLAINT: WorkingTime(10, Unit.WORKING_DAYS),
        Tier.COMPLEX: WorkingTime(15, Unit.WORKING_DAYS),
    }
)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a department promises: by when (UTC), under which tier; maybe provisional."""

    tier: Tier
    due_at: datetime
    provisional: bool


class Standing(StrEnum):
    """How a promise stands; each has a colour and, beside it, a word."""

    KEPT = "kept"
    RUNNING = "running"
    NEAR = "near"
    BROKEN = "broken"


STANDING_NAMES: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.KEPT: "按时",
        Standing.RUNNING: "期限内",
        Standing.NEAR: "临近期限",
        Standing.BROKEN: "已超期",
    }
)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The promises of a city and the calendar they count in."""

    calendar: WorkCalendar
    promises: Mapping[Tier, WorkingTime] = field(default_factory=lambda: DEFAULT_PROMISES)
    near_share: float = 0.25

    def promise(self, tier: Tier, dispatched_at: datetime) -> Promise:
        """Give the promise of `tier` for a case dispatched then (aware).

        Raises `BadInput` when the city's table lacks the tier.
        """
        span = self.promises.get(tier)
        if span is None:
            raise BadInput("没有这一档办理时限，请重新选择。", field="tier", tier=tier.value)
        moment = self.calendar.add_working(dispatched_at, span)
        return Promise(tier, moment.at, moment.provisional)

    def standing(
        self, started: datetime, due: datetime, now: datetime, done: datetime | None = None
    ) -> Standing:
        """How a promise stands at `now`, or stood when the case was `done`."""
        if done is not None:
            return Standing.KEPT if done <= due else Standing.BROKEN
        if now > due:
            return Standing.BROKEN
        near = max((due - started) * self.near_share, timedelta(minutes=30))
        return Standing.NEAR if due - now <= near else Standing.RUNNING
