"""Asterisk's call detail records (cdr-csv/Master.csv): how calls ended that nobody watched."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calls.identity import QUEUES
from calls.mirror import number

TAIL_BYTES = 1_000_000
_SOURCE, _CHANNEL, _START, _END, _UNIQUEID, _USERFIELD = 1, 5, 9, 11, 16, 17


@dataclass(frozen=True, slots=True)
class Record:
    """One call from the carrier; times to the second, UTC."""

    uniqueid: str
    channel: str
    line: str
    caller: str
    started_at: datetime
    ended_at: datetime


def records(lines: Iterable[str]) -> dict[str, Record]:
    """Return the carrier's calls by uniqueid; rows of one call are joined, broken ones skipped."""
    found: dict[str, Record] = {}
    for columns in csv.reader(lines):
        one = _record(columns)
        if one is None:
            continue
        before = found.get(one.uniqueid)
        if before is not None:
            one = Record(
                one.uniqueid,
                one.channel,
                one.line,
                one.caller,
                min(before.started_at, one.started_at),
                max(before.ended_at, one.ended_at),
            )
        found[one.uniqueid] = one
    return found


def read(path: Path) -> dict[str, Record]:
    """Read the newest `TAIL_BYTES` of the file; no file is no records."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            block = file.read()
    except FileNotFoundError:
        return {}
    lines = block.decode("utf-8", "replace").splitlines()
    return records(lines[1:] if size > TAIL_BYTES else lines)


def _record(columns: list[str]) -> Record | None:
    if len(columns) <= _USERFIELD or columns[_USERFIELD] not in QUEUES:
        return None
    try:
        started, ended = _time(columns[_START]), _time(columns[_END])
    except ValueError:
        return None
    return Record(
        columns[_UNIQUEID], columns[_CHANNEL], columns[_USERFIELD], number(columns[_SOURCE]),
        started, ended,
    )  # fmt: skip


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
