"""How times, spans and numbers are written on screen. Times are shown in Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from rexian.kernel.clock import local
from rexian.kernel.web.i18n import gettext as _

HOUR = 3600
DAY = 24 * HOUR


def day_time(at: datetime | None) -> str:
    """`11-21 14:03`; "" for None."""
    return local(at).strftime("%m-%d %H:%M") if at else ""


def full_time(at: datetime | None) -> str:
    """`2026-11-21 14:03:21`; "" for None."""
    return local(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def clock_time(at: datetime | None) -> str:
    """`14:03:21`; "" for None."""
    return local(at).strftime("%H:%M:%S") if at else ""


def date(at: datetime | None) -> str:
    """`2026-11-21`; "" for None."""
    return local(at).strftime("%Y-%m-%d") if at else ""


def iso(at: datetime | None) -> str:
    """ISO 8601 in UTC, for `<time datetime>` and scripts."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def span(value: timedelta | float | None) -> str:
    """A length of time (timedelta or seconds) in at most two units: 3 天 5 小时, 2 分 5 秒."""
    if value is None:
        return ""
    seconds = int(abs(value.total_seconds() if isinstance(value, timedelta) else value))
    days, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, left = divmod(rest, 60)
    units = [
        (days, _("%(n)d 天")),
        (hours, _("%(n)d 小时")),
        (minutes, _("%(n)d 分")),
        (left, _("%(n)d 秒")),
    ]
    first = next((i for i, (count, _unit) in enumerate(units) if count), len(units) - 1)
    return " ".join(unit % {"n": n} for n, unit in units[first : first + 2] if n) or _("0 秒")


def remaining(due: datetime | None, now: datetime) -> str:
    """`剩 5 小时` or `超时 2 小时`; "" without a deadline."""
    if due is None:
        return ""
    word = _("剩 %(span)s") if due >= now else _("超时 %(span)s")
    return word % {"span": span(due - now)}


def promise_state(due: datetime | None, now: datetime, near_s: int = 4 * HOUR) -> str:
    """`ok`, `warn` (less than `near_s` seconds left) or `bad` (past); "" without a deadline."""
    if due is None:
        return ""
    if due < now:
        return "bad"
    return "warn" if (due - now).total_seconds() < near_s else "ok"


def timer(seconds: float | None) -> str:
    """`02:47` or `1:02:47`."""
    total = max(0, int(seconds or 0))
    hours, rest = divmod(total, HOUR)
    head = f"{hours}:" if hours else ""
    return f"{head}{rest // 60:02d}:{rest % 60:02d}"


def percent(value: float | None) -> str:
    """`96.8%`; an em dash when there is nothing to divide."""
    return "—" if value is None else f"{value * 100:.1f}%"


def role_word(role: str) -> str:
    """A role's name on screen."""
    words = {
        "agent": _("座席"),
        "team_leader": _("班长"),
        "department": _("承办单位"),
        "centre": _("受理中心"),
        "supervisor": _("督查"),
        "admin": _("管理员"),
        "system": _("系统"),
        "citizen": _("诉求人"),
    }
    return words.get(str(role), str(role))


FILTERS: dict[str, Callable[..., Any]] = {
    "day_time": day_time,
    "full_time": full_time,
    "clock_time": clock_time,
    "date": date,
    "iso": iso,
    "span": span,
    "remaining": remaining,
    "promise_state": promise_state,
    "timer": timer,
    "percent": percent,
    "role_word": role_word,
}
