"""app_queue's own log: `time|caller's uniqueid|queue|member|verb|…`, one line a fact.

It is the authority on the times of a call, to the second; what is missing from the mirror after
an outage is taken from here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calls.identity import DUTY, SEATS

TAIL_BYTES = 2_000_000
REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `member` is a seat, `duty`, or "" ; `rest` are the verb's own fields."""

    at: datetime
    uniqueid: str
    queue: str
    member: str
    verb: str
    rest: tuple[str, ...]


def row(line: str) -> Row | None:
    """Read one line; None for a line that is cut short or not of a call."""
    parts = line.rstrip("\n").split("|")
    if len(parts) < 5 or not parts[0].isdigit():  # noqa: PLR2004 - the fixed fields
        return None
    member = parts[3] if parts[3] in SEATS or parts[3] == DUTY else ""
    at = datetime.fromtimestamp(int(parts[0]), UTC)
    return Row(at, parts[1], parts[2], member, parts[4], tuple(parts[5:]))


class QueueLog:
    """Follows the file as it grows and remembers the last calls in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode = 0
        self._offset = 0
        self._calls: OrderedDict[str, list[Row]] = OrderedDict()

    def of_call(self, uniqueid: str) -> tuple[Row, ...]:
        """Return the rows of a call, reading what is new in the file first."""
        for new in self._new_rows():
            self._calls.setdefault(new.uniqueid, []).append(new)
            if len(self._calls) > REMEMBERED:
                self._calls.popitem(last=False)
        return tuple(self._calls.get(uniqueid, ()))

    def time_of(self, uniqueid: str, verbs: frozenset[str], near: datetime) -> datetime | None:
        """Return the time of the row with one of `verbs` that lies within 2 s of `near`."""
        for one in reversed(self.of_call(uniqueid)):
            if one.verb in verbs and abs((one.at - near).total_seconds()) < 2:  # noqa: PLR2004
                return one.at
        return None

    def _new_rows(self) -> Iterator[Row]:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return
        if status.st_ino != self._inode or status.st_size < self._offset:
            self._inode, self._offset = status.st_ino, max(0, status.st_size - TAIL_BYTES)
        if status.st_size == self._offset:
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            block = file.read(status.st_size - self._offset)
        whole = block[: block.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode("utf-8", "replace").splitlines():
            found = row(line)
            if found is not None:
                yield found
