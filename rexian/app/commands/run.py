"""`rexian run NAME`: one process in the foreground, as the supervisor starts it."""

import argparse
import asyncio
import importlib
import importlib.util
import signal
import sys

from rexian.app.supervisor import heartbeat
from rexian.kernel import logs, metrics
from rexian.kernel.settings import Settings, load_settings

NAMES = ("agi", "calls", "desk", "worker", "scheduler", "carrier", "mail-sink")
"""Our processes; the place in this list is the offset of a process's metrics port."""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `run`."""
    parser = commands.add_parser("run", help="one process in the foreground; Ctrl-C ends it")
    parser.add_argument("name", choices=NAMES)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the process until SIGTERM or Ctrl-C."""
    import uvloop

    settings = load_settings()
    logs.configure(settings, arguments.name)
    uvloop.run(_serve(settings, arguments.name))
    return 0


async def _serve(settings: Settings, name: str) -> None:
    """The process's main, its heart-beat, its metrics; all end together."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    module = importlib.import_module(f"rexian.app.processes.{name.replace('-', '_')}")
    beating = asyncio.create_task(heartbeat.beat())
    server = _metrics(settings.ports.metrics_base + NAMES.index(name))
    try:
        await module.main(settings, stop)
    finally:
        beating.cancel()
        if server is not None:
            server.close()


def _metrics(port: int) -> metrics.MetricsServer | None:
    try:
        return metrics.serve(port)
    except OSError as error:
        print(f"metrics port {port}: {error}; going on without", file=sys.stderr)
        return None
