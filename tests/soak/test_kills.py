"""`kill -9` in a loop while calls and cases come in: `make soak` (MINUTES=30, SEED=…).

Each round kills one process at random while cases are accepted, then a new caller must reach the
seat. At the end every case and notice of every round is counted, the chains are verified, and the
supervisor must not have grown.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from pathlib import Path

import pytest

from tests.support import hotline
from tests.support.system import System

BACK_S = 10.0
NAMES = ("agi", "calls", "desk", "worker", "scheduler", "postgres", "asterisk")
GROWTH_MB, GROWTH_DESCRIPTORS = 40, 20
MINUTES = float(os.environ.get("MINUTES", "30"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)

pytestmark = pytest.mark.soak


def _size(pid: int) -> tuple[int, int]:
    """Resident memory in MB and open descriptors of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return resident // 1024, len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def _round(system: System, db, name: str, number: int, folder: Path) -> tuple[float, int]:
    """One kill; the seconds until all was well, and how many notices are uncertain."""
    folder.mkdir()
    async with hotline.accepting(db, 30_000_000 + number * 1_000) as stream:
        back = await asyncio.to_thread(system.kill, name, within=BACK_S)
    async with hotline.seat(system, folder) as seat:
        await hotline.reach(system, seat, folder, f"1398{number:07d}")
    return back, await hotline.nothing_lost(system, db, stream)


@pytest.mark.timeout(0)
async def test_killed_again_and_again_it_comes_back_and_loses_nothing(system: System, tmp_path):
    print(f"\nseed {SEED}, {MINUTES:g} minutes")
    names = random.Random(SEED)
    assert system.supervisor is not None
    backs: dict[str, list[float]] = {name: [] for name in NAMES}
    db = system.database()
    try:
        before = _size(system.supervisor.pid)
        until = time.monotonic() + MINUTES * 60
        number = 0
        while time.monotonic() < until or number == 0:
            name = names.choice(NAMES)
            back, uncertain = await _round(system, db, name, number, tmp_path / str(number))
            print(f"  {number:4} {name:<10} back after {back:4.1f} s, uncertain {uncertain}")
            backs[name].append(back)
            number += 1
        memory, descriptors = _size(system.supervisor.pid)
    finally:
        await db.close()
    for name, seconds in backs.items():
        if seconds:
            print(f"  {name:<10} {len(seconds):4} kills, median {statistics.median(seconds):.1f} s")
    assert memory - before[0] <= GROWTH_MB
    assert descriptors - before[1] <= GROWTH_DESCRIPTORS
    audit = await asyncio.to_thread(system.run, "audit", "verify")
    assert audit.returncode == 0, audit.stdout + audit.stderr
