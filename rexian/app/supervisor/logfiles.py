"""One log file a process, kept small by copying it away and emptying it in place.

The process writes into the file itself (opened for appending), so nothing passes through the
supervisor and nothing is lost when the supervisor dies.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

LARGEST_BYTES = 10 * 1024 * 1024
KEPT = 3
_TAIL_BYTES = 4096
_LINE_CHARACTERS = 300


class LogFile:
    """`folder/name.log` and up to KEPT older ones, `.1` the newest of them."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.log"

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file open for appending, for a child to inherit."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.open("ab") as file:
            self.path.chmod(0o600)
            yield file

    def note(self, text: str) -> None:
        """A line of the supervisor's own among the process's."""
        with self.opened() as file:
            stamp = datetime.now(UTC).isoformat(timespec="seconds")
            file.write(f"{stamp} {text}\n".encode())

    def last_line(self) -> str:
        """The last line the process wrote, shortened; empty when there is none."""
        try:
            with self.path.open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - _TAIL_BYTES))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        own = [line for line in lines if line.strip() and " supervisor: " not in line]
        return own[-1][:_LINE_CHARACTERS] if own else ""

    def size(self) -> int:
        """Bytes in the file now."""
        return self.path.stat().st_size if self.path.exists() else 0

    def said_since(self, size: int, lines: int = 4) -> str:
        """The last lines written since the file had `size` bytes."""
        with self.path.open("rb") as file:
            file.seek(size)
            said = file.read().decode(errors="replace").splitlines()
        return "\n".join(line[:_LINE_CHARACTERS] for line in said[-lines:])

    def rotate(self) -> None:
        """Copy a file that has grown too large away and empty it."""
        if not self.path.exists() or self.path.stat().st_size <= LARGEST_BYTES:
            return
        for number in range(KEPT - 1, 0, -1):
            older = self.path.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(self.path.with_suffix(f".log.{number + 1}"))
        shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
        with self.path.open("r+b") as file:
            file.truncate(0)
