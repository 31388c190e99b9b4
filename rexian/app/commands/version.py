"""`rexian version`: the versions of the parts, for a report of a fault."""

import argparse
import importlib.metadata
import platform
import subprocess

from rexian.app.services.asterisk import AsteriskRoot
from rexian.app.services.postgres import PostgresError, binaries
from rexian.kernel.errors import Unavailable
from rexian.kernel.settings import load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `version`."""
    commands.add_parser("version", help="versions of the parts").set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Print one line a part."""
    print(f"rexian      {importlib.metadata.version('rexian')}")
    print(f"python      {platform.python_version()}")
    print(f"postgresql  {_postgres()}")
    print(f"asterisk    {_asterisk()}")
    return 0


def _postgres() -> str:
    try:
        return _said([str(binaries() / "postgres"), "--version"])
    except PostgresError as error:
        return str(error)


def _asterisk() -> str:
    try:
        return _said(AsteriskRoot.find(load_settings()).install.argv("-V"))
    except Unavailable:
        return "not there"


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
