"""How long to wait before a process is started again: at once first, then longer and longer."""

from __future__ import annotations

from dataclasses import dataclass

PAUSES = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before the first, second, … restart in a row; the last one repeats."""
MOST_WHEN_UP = 4.0
"""The longest pause after the death of a process that had been ready: it is back within 10 s."""
HEALTHY_SECONDS = 30.0
"""A life of this length ends the row: the next restart is fast again."""


@dataclass(slots=True)
class Restarts:
    """The restarts of one process."""

    count: int = 0
    row: int = 0

    def pause_after(self, lived_seconds: float, *, was_up: bool = False) -> float:
        """Count a death after `lived_seconds` of life; the pause before the next start.

        `was_up`: it had been ready. Then it can be, and the pause stays short.
        """
        if lived_seconds >= HEALTHY_SECONDS:
            self.row = 0
        pause = PAUSES[min(self.row, len(PAUSES) - 1)]
        if was_up:
            pause = min(pause, MOST_WHEN_UP)
        self.row += 1
        self.count += 1
        return pause
