"""`rexian up|status|down|restart`: the whole system."""

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from rexian.app.bootstrap import places, privileges, running, service_user
from rexian.app.bootstrap.screen import Screen
from rexian.app.services.procfs import ProcessMark
from rexian.app.supervisor import control
from rexian.kernel.settings import load_settings

_DOWN_SECONDS = 120.0
_MARKS = {"up": "✓", "stopped": "·", "stopping": "…", "starting": "…", "waiting": "…"}


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the four commands."""
    up = commands.add_parser("up", help="start everything and stay; Ctrl-C stops")
    up.add_argument(
        "--demo",
        choices=("0", "1", "once"),
        default="0",
        help="1: robots place a call, then stay up; once: stop afterwards, 0 if all was seen",
    )
    up.set_defaults(run=run_up)
    status = commands.add_parser("status", help="process, health, since when, last error")
    status.add_argument("--json", action="store_true", help="for programs")
    status.set_defaults(run=run_status)
    down = commands.add_parser("down", help="stop everything cleanly")
    down.set_defaults(run=run_down)
    restart = commands.add_parser("restart", help="end one process; it comes back at once")
    restart.add_argument("name", help="as `rexian status` shows it: desk, worker, asterisk …")
    restart.set_defaults(run=run_restart)


def run_up(arguments: argparse.Namespace) -> int:
    """Start; exit code 1 with a sentence when something is in the way."""
    from rexian.app.supervisor.up import CannotStart, up

    here = places.find()
    user = service_user.find_or_create(here.root)
    if not user.is_current:
        words = ["rexian", "up", "--demo", arguments.demo]
        privileges.become(user, here, Screen(), [str(here.venv / "bin" / words[0]), *words[1:]])
    try:
        return up(load_settings(), arguments.demo)
    except CannotStart as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1


def run_status(arguments: argparse.Namespace) -> int:
    """Print the state; 0 when all is well, 1 when something is not, 3 when nothing is up."""
    try:
        status = control.ask(load_settings().home, {"do": "status"}, seconds=10)
    except control.NotUp:
        if arguments.json:
            print(json.dumps({"health": "down", "processes": []}))
        else:
            print("Nothing is up here. Start it: make run\n系统没有运行，启动请用 make run。")
        return 3
    if arguments.json:
        print(json.dumps(status, ensure_ascii=False, indent=2))
    else:
        print(table(status, datetime.now(UTC)))
    return 0 if status["health"] == "ok" else 1


def table(status: dict[str, Any], now: datetime) -> str:
    """The state for a person: one line a process, its last error below it."""
    lines = [f"{status['health']}, since {_local(status['since'])}, desk {status['desk']}"]
    if status.get("development"):
        lines.append(
            "开发模式 / development: carrier and mail are simulated, passwords are public;"
            " in production set REXIAN_DEVELOPMENT=false"
        )
    lines.append("")
    for item in status["processes"]:
        age = _age(now, item["since"])
        lines.append(
            f"  {_MARKS.get(item['state'], '✗')} {item['name']:<10} {item['state']:<10} {age:>8}"
            f"  process {item['pid'] or '-':<8} restarts {item['restarts']:<4} {item['purpose']}"
        )
        if item["last_error"]:
            lines.append(f"      last error: {item['last_error']}")
    return "\n".join(lines)


def run_down(_arguments: argparse.Namespace) -> int:
    """Stop; 0 when nothing is left running."""
    home = load_settings().home
    up = running.find(home)
    try:
        control.ask(home, {"do": "down"})
    except control.NotUp:
        if up is None:
            print("Nothing is up here.\n系统没有运行。")
            return 0
    deadline = time.monotonic() + _DOWN_SECONDS
    while up is not None and ProcessMark(up.pid, up.started).alive():
        if time.monotonic() > deadline:
            print("It has not stopped; see var/log.", file=sys.stderr)
            return 1
        time.sleep(0.1)
    print("Stopped: nothing is left running.\n已全部停止。")
    return 0


def run_restart(arguments: argparse.Namespace) -> int:
    """End one process by force; 2 when there is none of that name."""
    try:
        said = control.ask(load_settings().home, {"do": "restart", "name": arguments.name})
    except control.NotUp:
        print("Nothing is up here.", file=sys.stderr)
        return 3
    if "restarted" not in said:
        print(f"No process is called '{arguments.name}'; see: rexian status", file=sys.stderr)
        return 2
    print(f"{arguments.name} was ended and comes back.")
    return 0


def _local(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _age(now: datetime, since: str | None) -> str:
    if since is None:
        return "-"
    seconds = int((now - datetime.fromisoformat(since)).total_seconds())
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{seconds % 60:02d}s"
