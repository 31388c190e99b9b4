"""Children of a supervisor that was killed: written down while they live, ended at the next start.

The kernel ends them with the supervisor (procfs.die_with_parent); this is the second net, for one
that was stopped or changed its credentials.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from rexian.app.services import procfs
from rexian.app.services.procfs import ProcessMark

_GRACE_SECONDS = 5.0


def note_file(home: Path) -> Path:
    """Where the children are written down."""
    return home / "run" / "children.json"


def write(home: Path, marks: Mapping[str, ProcessMark]) -> None:
    """Write the living children down."""
    file = note_file(home)
    draft = file.with_suffix(".new")
    text = json.dumps({name: [mark.pid, mark.started] for name, mark in marks.items()})
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def end_all(home: Path) -> list[str]:
    """End those still alive, gently first; their names."""
    try:
        noted = json.loads(note_file(home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    alive = {
        name: mark for name, (pid, started) in noted.items()
        if (mark := ProcessMark(pid, started)).alive()
    }  # fmt: skip
    for name, mark in alive.items():
        procfs.end(mark.pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
        procfs.end(mark.pid, signal.SIGCONT)
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(mark.alive() for mark in alive.values()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for mark in alive.values():
        if mark.alive():
            procfs.end(mark.pid)
    note_file(home).unlink(missing_ok=True)
    return sorted(alive)
