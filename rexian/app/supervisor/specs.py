"""What the supervisor starts: one `Spec` a process, in stages."""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rexian.app.services.asterisk import AsteriskRoot
from rexian.app.services.postgres import PostgresCluster
from rexian.app.services.secrets import SecretStore
from rexian.app.supervisor import probes
from rexian.kernel.settings import Settings


def _nothing() -> None:
    return None


async def _yes() -> bool:
    return True


async def _no_fault(_pid: int) -> str | None:
    return None


@dataclass(frozen=True)
class Spec:
    """How one process is started, seen to be ready, watched and stopped."""

    name: str
    purpose: str
    command: Callable[[], list[str]]
    folder: Path
    probe: Callable[[], Awaitable[bool]] = _yes
    """Asked until it says yes at the start, and every few seconds afterwards."""
    alive: Callable[[], Awaitable[bool]] | None = None
    """Asked afterwards instead of the probe, where something cheaper tells as much."""
    fault: Callable[[int], Awaitable[str | None]] = _no_fault
    """Asked with the process's id when the probe says yes: what it lacks all the same, or None."""
    prepare: Callable[[], None] = _nothing
    """Blocking work before each start (configuration, remains of a killed server)."""
    settle: Callable[[], None] = _nothing
    """Blocking work when it has become ready (roles of the database)."""
    environment: Mapping[str, str] | None = None
    """Its whole environment; None: the supervisor's."""
    beats: bool = False
    """True for our own processes: they write a byte a second into a pipe from their loop."""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the supervisor itself is killed."""
    early: bool = False
    """It needs nothing of the stages before its own and is begun with the first one."""
    start_seconds: float = 45.0
    """How long it may stand still before it is ready (see supervisor.patience)."""
    most_start_seconds: float = 300.0
    """How long a start may take at most, busy or not."""
    stop_seconds: float = 10.0
    check_seconds: float = 2.0
    misses: int = 3
    """Failed probes in a row after which a running process counts as hung."""


@dataclass(frozen=True)
class Stage:
    """Processes that start side by side; the next stage waits for all of them."""

    specs: tuple[Spec, ...]
    needed: bool = False
    """Start-up ends with an error when one of these does not come up."""
    tasks: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    """Commands of `rexian` run to their end after the processes: (what it does, words)."""
    beside: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    """Commands begun with the stage's processes and ended before the next stage."""


def postgres(settings: Settings) -> Spec:
    """Our own PostgreSQL."""
    cluster = PostgresCluster(
        settings.home / "postgres",
        settings.ports.postgres,
        SecretStore(settings.file("secrets.toml")),
    )
    return Spec(
        name="postgres",
        purpose="database",
        command=cluster.command,
        folder=settings.home / "postgres",
        probe=lambda: probes.command(cluster.ready_command(), cluster.environment()),
        prepare=cluster.prepare,
        settle=cluster.ensure_roles,
        environment=cluster.environment(),
        stop_signal=signal.SIGINT,  # fast shutdown: pg_ctl(1)
        death_signal=signal.SIGINT,
        start_seconds=120.0,
        most_start_seconds=3600.0,  # recovery after a crash must not be begun again and again
        stop_seconds=30.0,
    )


def asterisk(settings: Settings) -> Spec:
    """Asterisk, as the set-up found or unpacked it."""
    root = AsteriskRoot.find(settings)
    return Spec(
        name="asterisk",
        purpose="telephone exchange",
        command=root.command,
        folder=settings.path("asterisk", "run"),
        probe=root.is_ready,
        alive=root.is_alive,
        fault=root.fault,
        prepare=root.prepare,
        early=True,
        misses=2,
        stop_seconds=8.0,
    )


def ours(
    settings: Settings, name: str, purpose: str, port: int | None = None, *, early: bool = False
) -> Spec:
    """One of our own processes: `rexian run NAME`, ready when its port answers and it beats."""

    async def answers() -> bool:
        return port is None or await probes.tcp(port)

    return Spec(
        name=name,
        purpose=purpose,
        command=lambda: [sys.executable, "-m", "rexian.app.cli", "run", name],
        folder=settings.root,
        probe=answers,
        beats=True,
        early=early,
    )


def desk(settings: Settings) -> Spec:
    """The web desk, watched over HTTP."""
    return Spec(
        name="desk",
        purpose="web desk",
        command=lambda: [sys.executable, "-m", "rexian.app.cli", "run", "desk"],
        folder=settings.root,
        probe=lambda: probes.http(settings.ports.desk, "/health"),
        beats=True,
    )


def stages(settings: Settings) -> list[Stage]:
    """Everything these settings ask for, in the order of starting."""
    own_database = () if settings.database_url else (postgres(settings),)
    development = (
        (
            ours(
                settings,
                "carrier",
                "SMS carrier simulator (development)",
                settings.ports.smpp,
                early=True,
            ),
            ours(settings, "mail-sink", "mail sink (development)", settings.ports.mail, early=True),
        )
        if settings.development
        else ()
    )
    schema = (("bringing the database up to date", ("migrate",)),)
    voice = (("making the voice prompts", ("prompts", "build")),)
    programs = (
        ours(settings, "agi", "menus for Asterisk (FastAGI)", settings.ports.fastagi, early=True),
        ours(settings, "calls", "follower of Asterisk (AMI)"),
        desk(settings),
        ours(settings, "worker", "notices, feeds, analysis"),
        ours(settings, "scheduler", "clock of due work"),
    )
    return [
        Stage(own_database, needed=True, tasks=schema, beside=voice),
        Stage((asterisk(settings), *programs, *development)),
    ]
