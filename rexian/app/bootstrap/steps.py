"""Steps that know whether they are done: each product carries a stamp of what it was made from."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.screen import Screen, StepView


@dataclass(frozen=True)
class Step:
    """One thing to be made.

    `stamp` lies inside the product, so that removing the product voids it; `key` is the hash of
    what it is made from; `work` makes it and returns a note (a version, a count) for the screen.
    """

    title: str
    stamp: Path
    key: str
    work: Callable[[StepView], str]

    def note_if_done(self) -> str | None:
        """The note of the earlier run when its product still fits, else None."""
        try:
            key, _, note = self.stamp.read_text(encoding="utf-8").partition("\n")
        except OSError:
            return None
        return note.strip() if key == self.key else None

    def run(self, screen: Screen) -> None:
        """Make the product unless it is there. Raises SetupError."""
        view = screen.begin(self.title)
        note = self.note_if_done()
        if note is not None:
            screen.end(view, "✓", f"{note}, already there")
            return
        try:
            note = self.work(view)
        except SetupError:
            screen.end(view, "✗", "stopped")
            raise
        except OSError as error:
            screen.end(view, "✗", "stopped")
            raise SetupError(
                f"{self.title}: {error}. Free space or fix the rights, then run it again.",
                "磁盘空间或权限有问题，处理后请重新运行，会从这一步继续。",
            ) from error
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(f"{self.key}\n{note}\n", encoding="utf-8")
        screen.end(view, "✓", note)


def key_of(*inputs: str | Path) -> str:
    """A short hash of texts and files' contents; a missing file counts as empty."""
    digest = hashlib.sha256()
    for item in inputs:
        if isinstance(item, Path):
            digest.update(item.read_bytes() if item.exists() else b"")
        else:
            digest.update(item.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:24]


def run_lanes(screen: Screen, lanes: Sequence[Sequence[Step]]) -> list[SetupError]:
    """Run lanes side by side, the steps of one lane in order; return what stopped any of them."""
    faults: list[SetupError] = []
    whole: list[Sequence[Step]] = []

    def run(lane: Sequence[Step]) -> None:
        try:
            for step in lane:
                step.run(screen)
        except SetupError as error:
            faults.append(error)
        else:
            whole.append(lane)

    threads = [threading.Thread(target=run, args=(lane,), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not faults and len(whole) < len(lanes):
        faults.append(
            SetupError(
                "A step of the set-up broke off in a way it does not know; what it said is above.",
                "安装的一个步骤意外中断，原因见上方输出。",
            )
        )
    return faults
