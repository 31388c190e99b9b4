"""Measure and write docs/reference/bench-fastagi.md: `python -m bench.fastagi [SESSIONS]`.

Rounds of the servers alternate, so that what else the machine does hits all of them alike; the
median round counts. CPU is user plus system time of the server's process.
"""

from __future__ import annotations

import os
import platform
import socket
import statistics
import subprocess
import sys
import threading
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import uvloop

from bench.fastagi.menu import sessions

NAMES = {
    "bare": "bare `asyncio.Protocol` on uvloop",
    "ours": "`agi.session` on uvloop (the same six commands)",
    "door": "`agi.server` whole: menu 12345, five commands, log and metrics",
    "panoramisk": "panoramisk on uvloop",
    "pyst2": "pyst2 in threads",
}
ROUNDS = 7
AT_ONCE = 40
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "bench-fastagi.md"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_ms(pid: int) -> float:
    """User and system time of all threads, from the scheduler's own nanoseconds."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e6


def ended_cpu_ms(pid: int) -> float:
    """User and system time of the whole process, ended threads too (in clock ticks)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


def start(name: str) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.fastagi.servers", name, str(port)],
        cwd=PAGE.parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(500):
        if listens(port):
            return process, port
        threading.Event().wait(0.02)
    process.kill()
    raise RuntimeError(f"{name} does not listen")


def listens(port: int) -> bool:
    """Ask the kernel: a connection that says nothing would make panoramisk spin for ever."""
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "0A" for row in rows)


def measure(count: int) -> dict[str, list[float]]:
    """CPU in ms a session, by server, one figure a round."""
    servers: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
    try:
        for name in NAMES:
            servers[name] = start(name)
        return rounds(servers, count)
    finally:
        for process, _ in servers.values():
            process.kill()
            process.wait()


def rounds(
    servers: dict[str, tuple[subprocess.Popen[bytes], int]], count: int
) -> dict[str, list[float]]:
    """Take the rounds of all servers in turns."""
    figures: dict[str, list[float]] = {name: [] for name in NAMES}
    for number in range(ROUNDS + 1):
        for name, (process, port) in servers.items():
            clock = ended_cpu_ms if name == "pyst2" else cpu_ms
            before = clock(process.pid)
            answered = uvloop.run(sessions(port, count, AT_ONCE))
            wanted = 5 if name == "door" else 6
            if set(answered) != {wanted}:
                raise RuntimeError(f"{name} sent {sorted(set(answered))} commands, not {wanted}")
            if number:  # the first round warms up
                figures[name].append((clock(process.pid) - before) / count)
            print(f"round {number} {NAMES[name]}: {(clock(process.pid) - before) / count:.3f} ms")
    return figures


def page(figures: dict[str, list[float]], count: int) -> str:
    limit = statistics.median(figures["bare"])
    rows = "\n".join(
        f"| {label} | {statistics.median(figures[name]):.3f} | {min(figures[name]):.3f} to"
        f" {max(figures[name]):.3f} | {statistics.median(figures[name]) / limit:.1f} |"
        for name, label in NAMES.items()
    )
    versions = f"Python {platform.python_version()}, uvloop {version('uvloop')}"
    return f"""# FastAGI: CPU a session

Written by `python -m bench.fastagi` on {datetime.now(UTC):%Y-%m-%d} ({versions},
{os.cpu_count()} cores, other work on the machine). Each server carries the same menu of six
commands, {count} sessions a round, {AT_ONCE} at once, {ROUNDS} rounds taken in turns. Compare the
ratios of one run; absolute times depend on the machine.

| server | CPU ms a session (median) | range | times the bare protocol |
|---|---|---|---|
{rows}

What the bare protocol leaves out, and ours does not: a deadline on each command and on the headers,
bounded lines and headers, one typed end for `HANGUP`, `511` and end of file, strict quoting, answers
over several lines, one task a call so that a menu reads from top to bottom.

One connection that closes without a word (a health check, a port scan) makes panoramisk's handler
spin for ever, so this measurement finds out by other means that it listens.

panoramisk 1.4 and pyst2 0.5.1 are measured as they come, but for pyst2's signal handler and traces
to standard error, which a thread cannot have. What else sets them apart is in
[telephony](telephony.md#fastagi).
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    figures = measure(count)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(figures, count), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
