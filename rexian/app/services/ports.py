"""Ports on 127.0.0.1: which are taken, and by whom."""

from __future__ import annotations

import errno
import pwd
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rexian.app.services import procfs
from rexian.kernel.settings import Ports, Settings

ADDRESS = "127.0.0.1"
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port one of our processes is going to listen on."""

    number: int
    kind: str  # tcp or udp
    setting: str  # the key in [ports]
    purpose: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A wanted port that somebody has; `owner` is a sentence about who."""

    wanted: Wanted
    owner: str

    def sentence(self) -> str:
        """Which port, what for, who has it, what helps."""
        number, kind = self.wanted.number, self.wanted.kind.upper()
        return (
            f"{kind} port {number} ({self.wanted.purpose}) is taken by {self.owner}. Stop that, or "
            f"choose another port: REXIAN_PORTS__{self.wanted.setting.upper()}={number + 1000}"
        )


def wanted(settings: Settings) -> list[Wanted]:
    """All fixed ports of the processes that these settings start."""
    keys = [("desk", "tcp"), ("fastagi", "tcp"), ("ami", "tcp"), ("sip", "udp"),
            ("asterisk_http", "tcp")]  # fmt: skip
    if settings.database_url is None:
        keys.append(("postgres", "tcp"))
    if settings.development:
        keys += [("smpp", "tcp"), ("carrier_http", "tcp"), ("mail", "tcp")]
    return [
        Wanted(
            getattr(settings.ports, key), kind, key, Ports.model_fields[key].description or key
        )
        for key, kind in keys
    ]  # fmt: skip


def taken(ports: Iterable[Wanted]) -> list[Taken]:
    """Those of `ports` that cannot be bound now, each with who has it."""
    return [
        Taken(port, owner_of(port.number, port.kind))
        for port in ports
        if not _can_bind(port.number, port.kind)
    ]


def not_held(ports: Iterable[Wanted], pid: int) -> list[str]:
    """A sentence for each of `ports` on which the process `pid` does not listen."""
    sockets = _sockets_of(pid)
    sentences = []
    for port in ports:
        inodes = _inodes(port.number, port.kind)
        if inodes.keys() & sockets:
            continue
        if inodes:
            sentences.append(Taken(port, owner_of(port.number, port.kind)).sentence())
        else:
            sentences.append(f"{port.kind.upper()} port {port.number} ({port.purpose}) is not open")
    return sentences


def owner_of(number: int, kind: str) -> str:
    """Who listens on a port: process, command line, user; or that it cannot be told."""
    inodes = _inodes(number, kind)
    for pid in procfs.pids():
        if inodes.keys() & _sockets_of(pid):
            command = procfs.command_line(pid)[:120] or "?"
            return f"process {pid} ({command}) of user {_user_of(pid)}"
    if inodes:
        user = _name(min(inodes.values()))
        return f"a process of user {user} that this user may not look at"
    return "somebody this machine does not show (another container or network namespace?)"


def _inodes(number: int, kind: str) -> dict[str, int]:
    """Socket inode to user id, from /proc/net (proc(5))."""
    found: dict[str, int] = {}
    for family in (kind, f"{kind}6"):
        try:
            lines = (procfs.PROC / "net" / family).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            listening = fields[3] == "0A" or kind == "udp"
            if listening and int(fields[1].rpartition(":")[2], 16) == number:
                found[fields[9]] = int(fields[7])
    return found


def _sockets_of(pid: int) -> set[str]:
    found = set()
    try:
        for entry in (procfs.PROC / str(pid) / "fd").iterdir():
            target = _target(entry)
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        return found
    return found


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""


def _user_of(pid: int) -> str:
    try:
        return _name((procfs.PROC / str(pid)).stat().st_uid)
    except OSError:
        return "?"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _can_bind(number: int, kind: str) -> bool:
    with socket.socket(socket.AF_INET, _KINDS[kind]) as probe:
        if kind == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, number))
            if kind == "tcp":
                probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
