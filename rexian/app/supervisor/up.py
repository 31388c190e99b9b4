"""`rexian up`: look before starting, start, run the demonstration, stay until told to stop."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import time

from rexian.app.bootstrap import running
from rexian.app.services import ports, procfs
from rexian.app.services.secrets import DEVELOPMENT_TOKEN, SecretStore
from rexian.app.supervisor import remains, specs
from rexian.app.supervisor.supervisor import StartFailed, Supervisor
from rexian.kernel.settings import Settings

_MEGABYTE = 1024 * 1024


class CannotStart(Exception):
    """Something is in the way of starting; nothing was touched."""


def look(settings: Settings) -> None:
    """Raise CannotStart when the system is up already, a port is taken or space is short."""
    up = running.find(settings.home)
    if up is not None:
        raise CannotStart(up.sentence())
    space = os.statvfs(settings.home)
    free = space.f_bavail * space.f_frsize // _MEGABYTE
    if free < settings.min_free_mb:
        raise CannotStart(
            f"{settings.home} has {free} MB free, at least {settings.min_free_mb} MB are needed "
            "(setting min_free_mb). Free some space.\n磁盘空间不足，请清理后再启动。"
        )
    ended = remains.end_all(settings.home)
    if ended:
        print(f"  Ended what an earlier, killed supervisor left: {', '.join(ended)}")
    taken = ports.taken(ports.wanted(settings))
    if taken:
        sentences = "\n".join(one.sentence() for one in taken)
        raise CannotStart(f"{sentences}\n端口已被占用，请停止上述程序或更换端口。")


def up(settings: Settings, demonstration: str) -> int:
    """Run the system until it is told to stop; the exit code of the command.

    `demonstration` is "0" (none), "1" (robots place a call, then the system stays up) or "once"
    (the system stops after the robots; 0 only if every step was seen).
    """
    settings.path()
    settings.home.chmod(0o700)  # recordings, call records, the database: nobody else's business
    lock = os.open(settings.path("run") / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = running.find(settings.home)
        raise CannotStart(
            other.sentence() if other else "Another `rexian up` is starting at this moment."
        ) from None
    try:
        look(settings)
        return asyncio.run(_run(settings, demonstration))
    finally:
        os.close(lock)


async def _run(settings: Settings, demonstration: str) -> int:
    began = time.monotonic()
    supervisor = Supervisor(settings, specs.stages(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop.set)
    code = 0
    try:
        await supervisor.open_control()
        await supervisor.start()
        if not supervisor.stop.is_set():
            print(f"\nUp after {time.monotonic() - began:.1f} s. Desk: {supervisor.desk}")
            print("`make status` shows the processes, Ctrl-C or `make down` stops them.\n")
            if demonstration == "0":
                _say_where(settings)
                _say_token(settings)
            sys.stdout.flush()
            code = await _demonstrate(supervisor, demonstration)
    except StartFailed as error:
        print(f"\n{error}\n启动失败，原因见上；系统将全部停止。", file=sys.stderr)
        code = 1
    finally:
        print("Stopping …", flush=True)
        await supervisor.close()
        print("Stopped: nothing is left running.", flush=True)
    return code


async def _demonstrate(supervisor: Supervisor, demonstration: str) -> int:
    """Run the robots; afterwards stay up unless asked for once."""
    code = 0
    if demonstration != "0":
        code = await _robots(supervisor)
        _say_token(supervisor.settings)
    if demonstration != "once":
        await supervisor.stop.wait()
        return 0
    return code


def _say_where(settings: Settings) -> None:
    """Addresses and logins, which the robots would print at their end."""
    from rich.console import Console

    from rexian.app.robots.demo import addresses

    addresses(Console(highlight=False), settings)


def _say_token(settings: Settings) -> None:
    """How a developer reads the exchange's feed; elsewhere tokens are given out one by one."""
    if not settings.development:
        return
    token = SecretStore(settings.file("secrets.toml")).get(*DEVELOPMENT_TOKEN)
    print(
        "The exchange's feed / 交换接口 (development token, var/secrets.toml):\n"
        f"  curl -H 'Authorization: Bearer {token}'"
        f" 'http://127.0.0.1:{settings.ports.desk}/exchange/v1/cases'\n",
        flush=True,
    )


async def _robots(supervisor: Supervisor) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rexian.app.cli", "demo",
        stdin=asyncio.subprocess.DEVNULL,
        cwd=supervisor.settings.root, start_new_session=True,
        preexec_fn=procfs.die_with_parent(),
    )  # fmt: skip
    ended = asyncio.create_task(process.wait())
    stopped = asyncio.create_task(supervisor.stop.wait())
    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not ended.done():
        procfs.end(process.pid, signal.SIGTERM)
        await ended
        return 1
    return 0 if ended.result() == 0 else 1
