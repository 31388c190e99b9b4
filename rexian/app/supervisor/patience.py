"""How long a starting process is waited for: while it gets on, whatever the clock says.

On a busy machine a start takes many times its usual seconds. Ending it then and starting anew
makes the machine busier still, and nothing ever comes up. So what counts is the processor time
the process has had: one that gets on is left alone, one that stands still is ended.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rexian.app.services import procfs

STEP_SECONDS = 0.2
"""Processor time that counts as getting on: much more than an idle loop uses in the same time."""
MOST_SECONDS = 300.0
"""A start that takes longer than this is ended even if it is busy: it runs in circles."""


@dataclass(slots=True)
class Patience:
    """Watches the start of the process `pid`, which may stand still for `seconds`."""

    pid: int
    seconds: float
    began: float = field(default_factory=time.monotonic)
    _moved: float = field(default_factory=time.monotonic)
    _used: float = 0.0

    def ended(self) -> str | None:
        """Why not to wait any longer, as a clause; None while there is hope. Ask often."""
        now = time.monotonic()
        used = procfs.cpu_seconds(self.pid)
        if used - self._used >= STEP_SECONDS:
            self._used, self._moved = used, now
        if now - self._moved > self.seconds:
            return f"was not ready after {now - self.began:.0f} s and stood still"
        if now - self.began > MOST_SECONDS:
            return f"was not ready within {MOST_SECONDS:.0f} s"
        return None
