"""`kill -9` of each process while calls and cases come in: back within 10 s, nothing lost."""

from __future__ import annotations

import asyncio
import itertools
import logging
from pathlib import Path

import pytest

from tests.support import hotline
from tests.support.system import System

log = logging.getLogger(__name__)

#: Seconds within which a killed process must be healthy again (docs/reference/faults.md).
BACK_S = 10.0
NAMES = ("agi", "calls", "desk", "worker", "scheduler", "postgres", "asterisk")
_first = itertools.count(10_000_000, 100_000)


@pytest.mark.parametrize("name", NAMES)
async def test_killed_it_is_back_within_ten_seconds_and_nothing_is_lost(
    system: System, tmp_path: Path, name: str
):
    db = system.database()
    try:
        async with hotline.seat(system, tmp_path) as seat:
            async with hotline.accepting(db, next(_first)) as stream:
                seconds = await asyncio.to_thread(system.kill, name, within=BACK_S)
            uncertain, _ = await asyncio.gather(
                hotline.nothing_lost(system, db, stream),
                hotline.reach(system, seat, tmp_path, "13985000001"),
            )
    finally:
        await db.close()
    log.info(
        "%s: back in %.1f s, %d cases, %d open", name, seconds, len(stream.accepted), uncertain
    )
    assert uncertain == 0 or name in {"worker", "postgres"}
    audit = await asyncio.to_thread(system.run, "audit", "verify")
    assert audit.returncode == 0, audit.stdout + audit.stderr
