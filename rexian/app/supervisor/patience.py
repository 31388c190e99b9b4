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
LOOK_SECONDS = 2.0
"""How often the processor time is looked up at most."""


@dataclass(slots=True)
class Patience:
    """Watches the start of the process `pid`, which may stand still for `seconds`.

    After `most` seconds it is over even for a busy one: that runs in circles.
    """

    pid: int
    seconds: float
    most: float
    began: float = field(default_factory=time.monotonic)
    _moved: float = field(default_factory=time.monotonic)
    _looked: float = 0.0
    _used: float = 0.0

    def ended(self) -> str | None:
        """Why not to wait any longer, as a clause; None while there is hope. Ask often."""
        now = time.monotonic()
        if now - self._looked >= min(LOOK_SECONDS, self.seconds / 4):
            self._looked = now
            family = [self.pid, *procfs.descendants(self.pid)]
            used = sum(procfs.cpu_seconds(pid) for pid in family)
            if used - self._used >= STEP_SECONDS:
                self._used, self._moved = used, now
        if now - self._moved > self.seconds:
            return f"was not ready after {now - self.began:.0f} s and stood still"
        if now - self.began > self.most:
            return f"was not ready within {self.most:.0f} s"
        return None
