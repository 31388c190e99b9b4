"""Colours of states and promises: what templates need beside the rooms' own words."""

from __future__ import annotations

from typing import Any

from agents.answers import Desk
from cases.deadlines import Standing
from cases.model import State

STATE_TONES = {
    State.NEW: "",
    State.ACCEPTED: "warn",
    State.DISPATCHED: "info",
    State.SIGNED: "info",
    State.REPLIED: "warn",
    State.APPROVED: "ok",
    State.CLOSED: "ok",
}
STANDING_TONES = {
    Standing.KEPT: "ok",
    Standing.RUNNING: "ok",
    Standing.NEAR: "warn",
    Standing.BROKEN: "bad",
}


def words_of(desk: Desk) -> dict[str, Any]:
    """Context for templates that show cases: `deadlines`, `state_tone(row)`, `due_tone(row)`."""
    deadlines = desk.cases.rules.deadlines
    now = desk.clock.now()

    def due_tone(row: Any) -> str:
        standing = row.standing(deadlines, now)
        return STANDING_TONES[standing] if standing else ""

    return {
        "deadlines": deadlines,
        "due_tone": due_tone,
        "state_tone": lambda row: STATE_TONES.get(State(row.state), ""),
    }
