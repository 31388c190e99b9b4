"""The history of a case for people: one line per event of its chain, in Chinese. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.deadlines import TIER_NAMES, Tier
from cases.model import Verdict
from cases.words import EVENT_NAMES, OUTCOME_NAMES
from rexian.kernel.clock import SHANGHAI
from rexian.kernel.events import Event


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """What happened, when, by whom; `mark` is the start of the event's hash, for the audit."""

    at: datetime
    type: str
    label: str
    by: str
    detail: str
    mark: str


def history_lines(log: Sequence[Event], names: Mapping[str, str]) -> list[HistoryLine]:
    """Give one line per event; `names` are the names of users by id."""
    return [
        HistoryLine(
            at=event.at,
            type=event.type,
            label=_label(event),
            by=names.get(event.actor.partition(":")[2], "系统"),
            detail=_detail(event.type, event.payload),
            mark=event.hash.hex()[:8],
        )
        for event in log
    ]


def _label(event: Event) -> str:
    if event.type == "case.reviewed":
        approved = event.payload.get("verdict") == Verdict.APPROVE
        return "审核通过" if approved else "审核退回"
    return EVENT_NAMES.get(event.type, event.type)


def _detail(type_: str, payload: Mapping[str, Any]) -> str:
    match type_:
        case "case.accepted":
            detail = f"编号 {payload['number']}"
        case "case.dispatched":
            due = datetime.fromisoformat(payload["due_at"]).astimezone(SHANGHAI)
            tier = TIER_NAMES[Tier(payload["tier"])]
            guess = "（预估，待放假通知公布后重算）" if payload["provisional"] else ""
            detail = f"时限档次 {tier}，{due:%Y-%m-%d %H:%M} 前办结{guess}"
        case "case.replied":
            detail = "期限内答复" if payload["on_time"] else "超期答复"
        case "case.closed":
            detail = OUTCOME_NAMES.get(payload["outcome"], payload["outcome"])
        case _:
            detail = ""
    return detail
