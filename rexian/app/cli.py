"""The command line `rexian`: finds the command, imports only its module, explains failures.

Each module of `rexian.app.commands` has `register(commands)`, which adds its parsers with a
default `run(arguments) -> int`.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.service_user import ServiceUserError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the overview: where the command lives, what it is for, an example."""

    module: str
    purpose: str
    example: str


COMMANDS = {
    "up": Command("system", "start everything and stay, Ctrl-C stops", "rexian up --demo 0"),
    "status": Command("system", "what runs, since when, how well", "rexian status --json"),
    "down": Command("system", "stop everything cleanly", "rexian down"),
    "restart": Command("system", "end one process; it comes back at once", "rexian restart desk"),
    "run": Command("run", "one process in the foreground", "rexian run agi"),
    "demo": Command("demo", "robots place the first call, all the way", "rexian demo"),
    "call": Command("call", "a robot citizen calls", "rexian call 12345 --script FILE"),
    "ivr": Command("ivr", "voice menus: try as text, check, draw", "rexian ivr play 12345"),
    "prompts": Command("prompts", "what callers hear: build, list", "rexian prompts build"),
    "migrate": Command("migrate", "bring the database up to date", "rexian migrate"),
    "audit": Command("audit", "check the event log's hash chains", "rexian audit verify"),
    "user": Command("user", "give a login its password", "rexian user password admin"),
    "exchange": Command("exchange", "tokens of departments' systems", "rexian exchange token NAME"),
    "hotspots": Command("hotspots", "hotspot figures, replayed", "rexian hotspots verify"),
    "settings": Command("settings", "the settings in force and their sources", "rexian settings"),
    "version": Command("version", "versions of the parts", "rexian version"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code: 0 well, 1 not, 2 not understood."""
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] in {"-h", "--help", "help"}:
        print(overview())
        return 0
    command = COMMANDS.get(words[0])
    if command is None:
        return _unknown(words[0])
    try:
        return _run(command, words)
    except (SetupError, ServiceUserError) as error:
        print(f"\n{error}\n", file=sys.stderr)
    except PermissionError as error:
        print(_closed(error), file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def overview() -> str:
    """The help that teaches: each command with its purpose and an example."""
    lines = ["usage: rexian COMMAND …   (rexian COMMAND --help explains one)", ""]
    lines += [f"  {name:<9} {c.purpose:<42} {c.example}" for name, c in COMMANDS.items()]
    return "\n".join([*lines, "", "First steps:  make run      stop:  make down"])


def foreign_agents() -> str | None:
    """A sentence when another package `agents` would be imported instead of ours, else None."""
    spec = importlib.util.find_spec("agents")
    ours = ROOT / "agents"
    if spec is not None and spec.origin and Path(spec.origin).resolve().parent == ours:
        return None
    found = spec.origin if spec is not None else "nothing"
    return (
        f"The package 'agents' must be {ours}, but Python finds {found}. The package openai-agents "
        "installs a folder of that name: remove it from this environment "
        "(.venv/bin/pip uninstall openai-agents), then `make run` again.\n"
        "环境中的 agents 包不是本系统的，请卸载 openai-agents。"
    )


def _run(command: Command, words: list[str]) -> int:
    foreign = foreign_agents()
    if foreign is not None:
        print(foreign, file=sys.stderr)
        return 1
    from rexian.kernel.errors import RexianError

    parser = argparse.ArgumentParser(prog="rexian")
    commands = parser.add_subparsers(dest="command", required=True)
    importlib.import_module(f"rexian.app.commands.{command.module}").register(commands)
    _teach(commands.choices[words[0]], command)
    try:
        arguments = parser.parse_args(words)
        code: int = arguments.run(arguments)
    except RexianError as error:
        print(f"{error.sentence}\n  ({error})", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _teach(parser: argparse.ArgumentParser, command: Command) -> None:
    """Let `rexian COMMAND --help` say what it is for, and show it used."""
    parser.description = (
        parser.description or f"{command.purpose[:1].upper()}{command.purpose[1:]}."
    )
    parser.epilog = parser.epilog or f"example: {command.example}"


def _closed(error: PermissionError) -> str:
    return (
        f"This user may not use {error.filename or 'that'}: the hotline here belongs to another "
        "user. Run the command as that user, or as root.\n没有权限：请用运行系统的用户或 root 执行。"
    )


def _unknown(word: str) -> int:
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f" Did you mean: rexian {near[0]}?" if near else ""
    print(f"There is no command '{word}'.{hint}\n\n{overview()}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
