"""`rexian demo`: robots make the first call on the running system; 0 only if all was seen."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from rexian.app.robots.demo import addresses, demonstrate, report
from rexian.app.robots.plan import FIRST_CALL, load_plan
from rexian.kernel.settings import load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `demo` to the command line."""
    parser = commands.add_parser("demo", help="robots make the first call, step by step")
    parser.add_argument("--plan", type=Path, default=FIRST_CALL, help="the tour as YAML")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the tour; exit code 1 when a step was not seen."""
    console = Console(highlight=False)
    settings = load_settings()
    found = asyncio.run(demonstrate(settings, console, load_plan(arguments.plan)))
    report(console, found)
    addresses(console, settings)
    return 0 if found.complete else 1
