"""`rexian settings`: every setting in force, its value, where it came from; secrets masked."""

import argparse
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from rexian.kernel.settings import PREFIX, Settings, load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `settings`."""
    parser = commands.add_parser("settings", help="settings in force and their sources")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print them all."""
    settings = load_settings()
    rows = list(effective(settings, dict(os.environ)))
    if arguments.json:
        print(json.dumps({key: value for key, value, _ in rows}, ensure_ascii=False, indent=2))
        return 0
    width = max(len(key) for key, _, _ in rows)
    for key, value, source in rows:
        print(f"{key:<{width}}  {value:<32}  {source}")
    return 0


def effective(settings: Settings, environ: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Key, value (secrets masked), source of each setting."""
    file = Path(environ.get("REXIAN_CONFIG", settings.home / "rexian.toml"))
    from_file = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for keys, value in _leaves(settings, ()):
        variable = PREFIX + "__".join(keys).upper()
        if variable in environ:
            source = variable
        elif _holds(from_file, keys):
            source = str(file)
        else:
            source = "default"
        yield ".".join(keys), masked(keys[-1], value), source


def masked(name: str, value: Any) -> str:
    """The value as text; a password in a URL, or a secret itself, as stars."""
    text = "" if value is None else str(value)
    if re.search(r"password|secret|token", name) and text:
        return "****"
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:****@", text)


def _leaves(group: BaseModel, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in type(group).model_fields:
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _holds(values: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True
