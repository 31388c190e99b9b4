"""What /proc tells about processes, and the promise that a child dies with its parent.

Stdlib only: the set-up uses it before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """One process for certain: an id alone is reused, an id with its start time is not."""

    pid: int
    started: int  # clock ticks since boot, field 22 of /proc/PID/stat

    def alive(self) -> bool:
        """True while exactly this process runs (a zombie does not count)."""
        return start_ticks(self.pid) == self.started


def own_pid() -> int:
    """The id of this process."""
    return os.getpid()


def start_ticks(pid: int) -> int | None:
    """Start time of a running process in clock ticks since boot; None when gone or a zombie."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (OSError, ValueError):
        return None
    fields = text.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return int(fields[19])


def cpu_seconds(pid: int) -> float:
    """User and system time the process has had, in seconds; 0.0 when it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mark(pid: int) -> ProcessMark | None:
    """The mark of a running process, or None when it is gone."""
    started = start_ticks(pid)
    return None if started is None else ProcessMark(pid, started)


def command_line(pid: int) -> str:
    """The command line of a process as one string; empty when it cannot be read."""
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def pids() -> Iterator[int]:
    """Ids of all processes now."""
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def working_in(folder: Path) -> list[int]:
    """Processes whose working directory is exactly `folder`."""
    found = []
    for pid in pids():
        try:
            here = (PROC / str(pid) / "cwd").readlink()
        except OSError:
            continue
        if here == folder:
            found.append(pid)
    return found


def children(pid: int) -> list[int]:
    """Direct children of a process, zombies left out."""
    found = []
    for candidate in pids():
        try:
            text = (PROC / str(candidate) / "stat").read_text(errors="replace")
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        if fields[0] not in {"Z", "X"} and int(fields[1]) == pid:
            found.append(candidate)
    return found


def descendants(pid: int) -> list[int]:
    """All running processes below `pid`, parents before children."""
    found: list[int] = []
    front = [pid]
    while front:
        front = [child for parent in front for child in children(parent)]
        found.extend(front)
    return found


def end(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal; a process that is gone already is no error."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn` by which the kernel sends `number` to the child when its parent dies.

    prctl(2) PR_SET_PDEATHSIG; the parent's id is compared afterwards because the parent may have
    died between fork and prctl. The signal is bound to the thread that forks: fork from the
    main thread.
    """
    parent = os.getpid()

    def bind() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return bind
