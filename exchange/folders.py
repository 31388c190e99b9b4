"""The folders of the in-box: who drops a file writes it elsewhere and renames it into `inbox`.

inbox → processing → done | rejected. A file keeps its name; when the name is taken, a part of
its id is put in front. Names that begin with a dot or end in .part or .tmp are left alone.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rexian.kernel.ids import new_id

SETTLED_S = 1.0
"""Seconds without a change before a file is taken: a guard against writers that do not rename."""
_UNFINISHED = (".part", ".tmp", ".crdownload")
_MARK = "__"
_LONGEST_STEM = 140
"""Bytes; with id, number and .reason.txt a name stays below the 255 of a file system."""


class TooLarge(Exception):
    """The file is larger than is read at all."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The four folders under `root` (var/exchange)."""

    root: Path
    seconds: Callable[[], float] = time.time

    @property
    def inbox(self) -> Path:
        """Where files are dropped."""
        return self.root / "inbox"

    @property
    def processing(self) -> Path:
        """Where a file lies while it is read."""
        return self.root / "processing"

    @property
    def done(self) -> Path:
        """Where files go whose every record went in."""
        return self.root / "done"

    @property
    def rejected(self) -> Path:
        """Where files go of which something was refused, with a .reason.txt beside each."""
        return self.root / "rejected"

    def create(self) -> None:
        """Make the folders, readable by the service's user alone."""
        for folder in (self.inbox, self.processing, self.done, self.rejected):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def waiting(self) -> list[Path]:
        """Files that can be taken now, oldest first; symbolic links and folders are not files."""
        if not self.inbox.is_dir():
            return []
        found: list[tuple[float, Path]] = []
        for path in self.inbox.iterdir():
            if path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED):
                continue
            changed = _regular_since(path)
            if changed is not None and self.seconds() - changed >= SETTLED_S:
                found.append((changed, path))
        return [path for _changed, path in sorted(found)]

    def take(self, path: Path) -> Path | None:
        """Move `path` from the in-box to processing in one step; None when it is gone."""
        goal = self.processing / f"{new_id()}{_MARK}{safe_name(path.name)}"
        try:
            path.rename(goal)
        except FileNotFoundError:
            return None
        return goal

    def under_way(self) -> list[Path]:
        """Files in processing: also those a killed worker left behind."""
        if not self.processing.is_dir():
            return []
        return sorted(path for path in self.processing.iterdir() if _MARK in path.name)

    def settle(self, taken: Path, *, good: bool, reason: str = "") -> Path:
        """Move a processed file to done, or to rejected with `reason` beside it."""
        folder = self.done if good else self.rejected
        goal = folder / original_name(taken)
        if goal.exists():
            goal = folder / f"{taken.name[24:36]}-{goal.name}"
        if reason:
            note = goal.with_name(goal.name + ".reason.txt")
            note.write_text(reason, encoding="utf-8")
        taken.rename(goal)
        return goal


def original_name(taken: Path) -> str:
    """Return the name under which a file in processing was dropped, as `safe_name` made it."""
    return taken.name.partition(_MARK)[2]


def safe_name(name: str) -> str:
    """Return `name` short enough for a file system, and in UTF-8 whatever bytes it had."""
    stem, dot, ending = name.encode("utf-8", "replace").rpartition(b".")
    if not dot:
        stem, ending = ending, b""
    return (stem[:_LONGEST_STEM] + dot + ending[:16]).decode("utf-8", "ignore")


def content(path: Path, largest: int) -> bytes:
    """Read a regular file of at most `largest` bytes. Raises TooLarge, OSError for a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        found = file.read(largest + 1)
    if len(found) > largest:
        raise TooLarge
    return found


def _regular_since(path: Path) -> float | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_mtime if stat.S_ISREG(found.st_mode) else None
