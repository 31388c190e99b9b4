"""Passwords the system makes for itself, kept in var/secrets.toml (mode 0600)."""

from __future__ import annotations

import fcntl
import os
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWNER_ONLY = 0o600
#: Group and name of the token with which a developer reads the exchange's feed.
DEVELOPMENT_TOKEN = ("exchange", "development")


class SecretStore:
    """Named secrets in groups, made at first use: `store.get("postgres", "rexian_app")`.

    Several processes may ask at once: the first one makes the secret, all see the same.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, group: str, name: str) -> str:
        """The secret's text (32 URL-safe characters), made now if it does not exist yet."""
        known = self._read().get(group, {}).get(name)
        if known is not None:
            return known
        with self._locked():
            values = self._read()
            return values.get(group, {}).get(name) or self._add(values, group, name)

    def _add(self, values: dict[str, dict[str, str]], group: str, name: str) -> str:
        made = secrets.token_urlsafe(24)
        values.setdefault(group, {})[name] = made
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(descriptor, "w") as file:
            file.write(_as_toml(values))
            file.flush()
            os.fsync(file.fileno())
        before = self.path.stat() if self.path.exists() else self.path.parent.stat()
        if os.geteuid() == 0:
            os.chown(draft, before.st_uid, before.st_gid)
        draft.replace(self.path)
        return made

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            return tomllib.loads(self.path.read_text())
        except FileNotFoundError:
            return {}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _as_toml(values: dict[str, dict[str, str]]) -> str:
    lines = ["# Made by the system at first start. Keep it: without it the database stays shut."]
    for group, names in sorted(values.items()):
        lines.append(f"\n[{group}]")
        lines.extend(f'{name} = "{text}"' for name, text in sorted(names.items()))
    return "\n".join(lines) + "\n"
