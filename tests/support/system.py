"""The whole system as a test sees it: brought up by the real supervisor, killed, frozen, asked.

Home and ports are its own; the unpacked Asterisk and the fonts of the clone are linked in.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from rexian.app import wiring
from rexian.app.services import procfs
from rexian.app.services.asterisk import AsteriskRoot
from rexian.app.supervisor import control
from rexian.kernel.db import Database
from rexian.kernel.settings import ROOT, Settings, load_settings

T = TypeVar("T")
START_S = 90.0
STOP_S = 60.0
REXIAN = [sys.executable, "-m", "rexian.app.cli"]
_SINGLE = ("desk", "postgres", "fastagi", "ami", "asterisk_http", "smpp", "carrier_http", "mail")


def until(condition: Callable[[], T], seconds: float, what: str) -> T:
    """Wait for a condition with a deadline; returns its first true value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        threading.Event().wait(0.05)


def _free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_ports() -> dict[str, str]:
    """`REXIAN_PORTS__…` for a system beside others."""
    rtp = random.SystemRandom().randrange(20000, 31000, 400)
    ports = {name: _free(socket.SOCK_STREAM) for name in _SINGLE} | {
        "sip": _free(socket.SOCK_DGRAM),
        "rtp_start": rtp,
        "rtp_end": rtp + 199,
        "udptl_start": rtp + 200,
        "udptl_end": rtp + 299,
        "metrics_base": random.SystemRandom().randrange(11000, 19000, 20),
    }
    return {f"REXIAN_PORTS__{name.upper()}": str(port) for name, port in ports.items()}


def make_home(shared: Path = ROOT / "var") -> Path:
    """A home in a folder the service user may enter, with what is large shared by links."""
    base = Path(tempfile.mkdtemp(prefix="rexian-system-"))
    base.chmod(0o711)
    home = base / "var"
    (home / "asterisk").mkdir(parents=True)
    for part in ("asterisk/root", "fonts"):
        if (shared / part).exists():
            (home / part).symlink_to(shared / part)
    return home


class System:
    """One home folder and the supervisor that keeps it up. Always `close` it."""

    def __init__(self, home: Path | None = None, **environment: str) -> None:
        self.home = home or make_home()
        outside = {k: v for k, v in os.environ.items() if not k.startswith("REXIAN_")}
        for name in ("REXIAN_SERVICE_USER", "REXIAN_CHROMIUM"):
            if name in os.environ:
                outside[name] = os.environ[name]
        self.environment = {
            **outside,
            "REXIAN_HOME": str(self.home),
            "REXIAN_NOTICES__QUIET_FROM": "00:00",
            "REXIAN_NOTICES__QUIET_TO": "00:00",
            "REXIAN_TELEPHONY__WRAP_UP_S": "0",
            **own_ports(),
            **environment,
        }
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.output = self.home.parent / "up.log"

    @property
    def settings(self) -> Settings:
        return load_settings(self.environment)

    @property
    def desk(self) -> str:
        return f"http://127.0.0.1:{self.settings.ports.desk}"

    @property
    def carrier(self) -> str:
        return f"http://127.0.0.1:{self.settings.ports.carrier_http}"

    def database(self, *, pool_size: int = 3) -> Database:
        """The application's view of the running system's database."""
        return wiring.connect(self.settings, pool_size=pool_size)

    def asterisk(self, command: str) -> str:
        """`asterisk -rx`."""
        return AsteriskRoot.find(self.settings).rx(command)

    # ---- up and down ------------------------------------------------------------------------

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of `rexian` with this system's settings."""
        return subprocess.run(
            [*REXIAN, *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=STOP_S + 30,
            check=False,
        )

    def begin(self, **environment: str) -> None:
        """Start `rexian up`; see `wait_healthy`."""
        self.environment.update(environment)
        with self.output.open("ab") as output:
            self.supervisor = subprocess.Popen(
                [*REXIAN, "up"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self, **environment: str) -> float:
        """Start and wait until everything is healthy; returns the seconds it took."""
        began = time.monotonic()
        self.begin(**environment)
        self.wait_healthy(START_S)
        return time.monotonic() - began

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C; returns the exit code of `rexian up`."""
        assert self.supervisor is not None
        if self.supervisor.poll() is None:
            self.supervisor.send_signal(number)
        code = self.supervisor.wait(STOP_S)
        self.supervisor = None
        return code

    def close(self) -> None:
        """Stop by force whatever is left, and remove the home."""
        if self.supervisor is not None:
            with suppress(subprocess.TimeoutExpired):
                self.stop()
        for pid in self.processes():
            procfs.end(pid)
        if os.environ.get("REXIAN_KEEP_TEST_HOME") is None:
            shutil.rmtree(self.home.parent, ignore_errors=True)

    def said(self) -> str:
        """All that `rexian up` printed."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    # ---- looking ----------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """What `rexian status --json` prints, asked of the supervisor directly."""
        try:
            return control.ask(self.home, {"do": "status"}, seconds=10)
        except (control.NotUp, OSError):
            return {"health": "down", "processes": []}

    def process(self, name: str) -> dict[str, Any]:
        """The line of one process."""
        found = [one for one in self.status()["processes"] if one["name"] == name]
        return found[0] if found else {"name": name, "state": "missing", "pid": None}

    def pid(self, name: str) -> int:
        """The process's id; it must be up."""
        return int(self.process(name)["pid"])

    def wait_healthy(self, seconds: float) -> None:
        """Until the status says ok. Fails with what was printed when `rexian up` ends."""

        def healthy() -> bool:
            assert self.supervisor is None or self.supervisor.poll() is None, self.said()
            status = self.status()
            return bool(status["health"] == "ok" and len(status["processes"]) > 1)

        try:
            until(healthy, seconds, "everything is healthy")
        except AssertionError as error:
            shown = json.dumps(self.status(), ensure_ascii=False, indent=1)
            raise AssertionError(f"{error}\n{self.said()}\n{shown}") from error

    def processes(self) -> list[int]:
        """Every process of this home: known by its environment, or by the home on its line."""
        wanted = f"REXIAN_HOME={self.home}".encode()
        found = []
        for pid in procfs.pids():
            if pid == os.getpid() or procfs.start_ticks(pid) is None:
                continue
            with suppress(OSError):
                if wanted in (procfs.PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                    found.append(pid)
                    continue
            if str(self.home) in procfs.command_line(pid):
                found.append(pid)
        return found

    def servers(self) -> list[int]:
        """Those of `processes` that are not this test run's own robots and commands."""
        own = set(procfs.descendants(os.getpid()))
        supervisor = self.supervisor.pid if self.supervisor else None
        kept = {supervisor, *(procfs.descendants(supervisor) if supervisor else ())}
        return [pid for pid in self.processes() if pid not in own or pid in kept]

    # ---- harm -------------------------------------------------------------------------------

    def send(self, name: str, number: signal.Signals) -> int:
        """Send a signal to one process; returns its id."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def kill(self, name: str, *, within: float = 10.0) -> float:
        """`kill -9`, then wait until it is up again and all is healthy; returns the seconds."""
        began = time.monotonic()
        old = self.send(name, signal.SIGKILL)

        def back() -> bool:
            status = self.status()
            one = self.process(name)
            fresh = one["pid"] not in {None, old} and one["state"] == "up"
            return bool(fresh and status["health"] == "ok")

        until(back, within, f"{name} is back after kill -9")
        return time.monotonic() - began
