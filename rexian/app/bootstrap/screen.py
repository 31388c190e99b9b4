"""What the set-up shows: one line a step, with a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

_BAR = 24
_PLAIN_EVERY_SECONDS = 10.0
_REPAINT_EVERY_SECONDS = 0.1


class StepView:
    """One step on the screen. Safe to use from the step's own thread."""

    def __init__(self, screen: Screen, title: str) -> None:
        self.screen = screen
        self.title = title
        self.note = ""
        self.done = 0
        self.total = 0
        self.started = time.monotonic()
        self.last_line = self.started

    def progress(self, done: int, total: int, note: str = "") -> None:
        """How far the step is, in whatever unit `note` names."""
        self.done, self.total, self.note = done, max(total, 1), note
        self.screen.changed(self)

    def say(self, note: str) -> None:
        """What the step is doing now, where there is nothing to count."""
        self.note, self.total = note, 0
        self.screen.changed(self)

    def line(self) -> str:
        """The step while it runs."""
        if not self.total:
            return f"  … {self.title}: {self.note}" if self.note else f"  … {self.title}"
        full = min(_BAR, _BAR * self.done // self.total)
        bar = "█" * full + "·" * (_BAR - full)
        return f"  … {self.title} {bar} {100 * self.done // self.total:3d} %  {self.note}"

    def seconds(self) -> float:
        """Time since the step began."""
        return time.monotonic() - self.started


class Screen:
    """Running steps are repainted at the bottom of a terminal; finished ones stay above."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.live = self.out.isatty()
        self._running: list[StepView] = []
        self._painted = 0
        self._last_paint = 0.0
        self._lock = threading.RLock()

    def begin(self, title: str) -> StepView:
        """Show that a step has begun."""
        view = StepView(self, title)
        with self._lock:
            self._running.append(view)
            if self.live:
                self._paint()
            else:
                self._write(f"  … {title}")
        return view

    def end(self, view: StepView, mark: str, note: str) -> None:
        """Show how a step ended: its mark, what came out, how long it took."""
        with self._lock:
            self._running.remove(view)
            self._clear()
            took = f" ({view.seconds():.0f} s)" if view.seconds() >= 1 else ""
            self._write(f"  {mark} {view.title}: {note}{took}")
            self._paint()

    def print(self, text: str) -> None:
        """A line of its own."""
        with self._lock:
            self._clear()
            self._write(text)
            self._paint()

    def changed(self, view: StepView) -> None:
        """Repaint, not more often than a person can read."""
        now = time.monotonic()
        with self._lock:
            if self.live:
                if now - self._last_paint >= _REPAINT_EVERY_SECONDS:
                    self._clear()
                    self._paint()
            elif now - view.last_line >= _PLAIN_EVERY_SECONDS:
                view.last_line = now
                self._write(view.line())

    def _clear(self) -> None:
        if self._painted:
            self.out.write(f"\x1b[{self._painted}A\x1b[J")
            self._painted = 0

    def _paint(self) -> None:
        if self.live:
            for view in self._running:
                self.out.write(f"\x1b[?7l{view.line()}\x1b[?7h\n")
            self._painted = len(self._running)
            self._last_paint = time.monotonic()
        self.out.flush()

    def _write(self, text: str) -> None:
        self.out.write(text + "\n")
        self.out.flush()
