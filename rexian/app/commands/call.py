"""`rexian call LINE --script FILE`: a robot citizen calls and the timeline is printed."""

import argparse
import asyncio
import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from rexian.app.robots.citizen import NotHeard, place_call
from rexian.app.robots.phone import PhoneFailed
from rexian.app.robots.scenario import BadScenario, load_script
from rexian.app.robots.timeline import Timeline, printer
from rexian.kernel.clock import SystemClock
from rexian.kernel.settings import load_settings

SILENT = Path(__file__).resolve().parents[3] / "tests" / "scenarios" / "silent.yaml"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `call` to the command line."""
    parser = commands.add_parser("call", help="a robot citizen calls the running system")
    parser.add_argument("line", help="the number to dial: 12345 or 96796")
    parser.add_argument(
        "--script", type=Path, default=SILENT, help="scenario, see docs/reference/robots.md"
    )
    parser.add_argument("--number", help="caller's number instead of the scenario's")
    parser.add_argument("--name", help="caller's display name instead of the scenario's")
    parser.add_argument(
        "--fact", action="append", default=[], metavar="NAME=VALUE", help="fills {NAME}"
    )
    parser.add_argument("--record", type=Path, help="keep what the citizen heard in this WAV file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Place the call; exit code 1 when something expected was not heard, 2 for a bad scenario."""
    console = Console(highlight=False)
    try:
        script = load_script(arguments.script)
    except BadScenario as error:
        console.print(f"[red]{error.sentence}[/]", soft_wrap=True)
        return 2
    caller = script.caller.model_copy(
        update={
            key: value
            for key, value in (("number", arguments.number), ("name", arguments.name))
            if value is not None
        }
    )
    script = script.model_copy(update={"line": arguments.line, "caller": caller})
    facts = dict(fact.split("=", 1) for fact in arguments.fact if "=" in fact)
    console.print(f"[bold]{script.title}[/]  {caller.number} → {arguments.line}")
    timeline = Timeline(SystemClock(), printer(console))
    with tempfile.TemporaryDirectory(prefix="rexian-call-") as folder:
        try:
            asyncio.run(place_call(load_settings(), script, timeline, facts, Path(folder)))
        except (NotHeard, PhoneFailed, BadScenario) as error:
            console.print(f"[red]{error.sentence}[/]", soft_wrap=True)
            return 1
        finally:
            _keep(Path(folder), arguments.record)
    return 0


def _keep(folder: Path, record: Path | None) -> None:
    heard = sorted(folder.glob("heard-*.wav"))
    if record and heard:
        shutil.copy(heard[-1], record)
