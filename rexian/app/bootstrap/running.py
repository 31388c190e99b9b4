"""Who is up: the note a supervisor leaves in var/run/supervisor.json while it lives."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rexian.app.services.procfs import ProcessMark


@dataclass(frozen=True, slots=True)
class Running:
    """A living supervisor of this home folder."""

    pid: int
    started: int  # clock ticks since boot: with the pid, this process for certain
    since: str  # ISO 8601, UTC
    user: str
    desk: str  # address of the web desk

    def sentence(self) -> str:
        """Who is up, since when, where; what helps. English, then Chinese."""
        since = datetime.fromisoformat(self.since).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return (
            f"The hotline is up already: process {self.pid} of user {self.user}, since {since}, "
            f"desk at {self.desk}\n"
            "It was not disturbed. See it: make status; stop it: make down.\n"
            f"系统已在运行（进程 {self.pid}，自 {since}），地址 {self.desk}；停止请用 make down。"
        )


def note_file(home: Path) -> Path:
    """Where the note lies."""
    return home / "run" / "supervisor.json"


def find(home: Path) -> Running | None:
    """The living supervisor of `home`; None when there is no note or its process is gone."""
    try:
        running = Running(**json.loads(note_file(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return running if ProcessMark(running.pid, running.started).alive() else None


def announce(home: Path, *, started: int, since: datetime, desk: str) -> None:
    """Leave the note for this process."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    running = Running(os.getpid(), started, since.isoformat(), user, desk)
    file = note_file(home)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(asdict(running)) + "\n", encoding="utf-8")
    draft.replace(file)


def withdraw(home: Path) -> None:
    """Take the note away."""
    note_file(home).unlink(missing_ok=True)
