"""Quiet hours: when a telephone may not be made to ring or buzz (domain.md; ADR 0008).

Pure: times in, times out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self

from outbound.model import Channel
from rexian.kernel.clock import SHANGHAI
from rexian.kernel.errors import BadSetting

#: Channels that wake somebody. Mail and letters wait until they are read.
LOUD = frozenset({Channel.SMS, Channel.FAX})


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, wall time in Asia/Shanghai; equal times mean there are none.

    `grace` is how long after a citizen's own contact an answer to it may go out all the same.
    """

    start: time
    end: time
    grace: timedelta = timedelta(hours=1)

    @classmethod
    def never(cls) -> Self:
        """No quiet hours."""
        return cls(time(0), time(0))

    @classmethod
    def parse(cls, start: str, end: str, grace_min: int) -> Self:
        """From settings: HH:MM, HH:MM, minutes. Raises `BadSetting`."""
        try:
            return cls(
                time.fromisoformat(start), time.fromisoformat(end), timedelta(minutes=grace_min)
            )
        except ValueError as error:
            raise BadSetting("静默时段应写作 HH:MM。", setting="notices.quiet_from") from error

    def quiet_at(self, at: datetime) -> bool:
        """Whether `at` (aware) lies in quiet hours."""
        now = at.astimezone(SHANGHAI).time()
        if self.start == self.end:
            return False
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def earliest(
        self,
        now: datetime,
        channel: Channel,
        *,
        urgent: bool = False,
        last_contact_at: datetime | None = None,
    ) -> datetime:
        """When a message may go out: `now`, or the next end of quiet hours.

        An emergency notice goes at once; so does an answer within `grace` of the citizen's own
        contact: who has just called is awake and waits for the number of the case.
        """
        awake = last_contact_at is not None and now - last_contact_at <= self.grace
        if urgent or awake or channel not in LOUD or not self.quiet_at(now):
            return now
        local = now.astimezone(SHANGHAI)
        end = local.replace(
            hour=self.end.hour, minute=self.end.minute, second=self.end.second, microsecond=0
        )
        if end <= local:
            end += timedelta(days=1)
        return end.astimezone(now.tzinfo)
