"""Benches, the figures of docs/: `python -m bench` runs all, `python -m bench NAME [OPTIONS]` one.

`python -m bench --list` names them. What stands after NAME goes to the bench itself:
`python -m bench hotspot --data messages.csv`.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Bench:
    module: str
    purpose: str
    options: str
    minutes: int


BENCHES = {
    "fastagi": Bench(
        "bench.fastagi", "CPU a session, beside panoramisk, pyst2, a bare protocol", "[SESSIONS]", 2
    ),
    "hotspot": Bench(
        "bench.hotspot.bursts",
        "how early bursts are found, how often in vain",
        "[--data FILE.csv]",
        1,
    ),
}


def listing() -> str:
    lines = [f"  {name:<10} {one.purpose}  {one.options}" for name, one in BENCHES.items()]
    return "\n".join(["usage: python -m bench [NAME [OPTIONS]]", "", *lines])


def main(words: list[str]) -> int:
    """Run one bench with its options, or all of them; 1 when one fails, 2 for an unknown name."""
    if words[:1] in (["--list"], ["--help"], ["-h"]):
        print(listing())
        return 0
    if words and words[0] not in BENCHES:
        print(f"There is no bench '{words[0]}'.\n\n{listing()}", file=sys.stderr)
        return 2
    failed = [name for name in words[:1] or BENCHES if not run(name, words[1:])]
    if failed:
        print(f"bench: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str, options: list[str]) -> bool:
    one = BENCHES[name]
    print(f"== {name}: {one.purpose} (about {one.minutes} min)", flush=True)
    command = [sys.executable, "-m", one.module, *options]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
