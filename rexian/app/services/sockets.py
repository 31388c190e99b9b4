"""Private places for UNIX sockets, whose path may not be longer than 107 bytes (unix(7))."""

from __future__ import annotations

import hashlib
import stat
import tempfile
from pathlib import Path

from rexian.app.bootstrap.service_user import ServiceUser

PATH_BYTES = 107


def folder_for(folder: Path, longest_name: str) -> Path:
    """`folder` itself, or a short private one under /tmp when a socket's path would be too long."""
    if len(bytes(folder / longest_name)) <= PATH_BYTES:
        return folder
    key = hashlib.sha256(bytes(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"rexian-socket-{key}"


def make(folder: Path, user: ServiceUser) -> None:
    """Make the folder with mode 0700; refuse one that belongs to somebody else or is a link."""
    for part in (folder.parent, folder):
        if not part.exists():
            part.mkdir(parents=True, mode=0o700)
            user.own(part)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != user.uid:
        raise PermissionError(
            f"{folder} does not belong to {user.name}: remove it, it only holds sockets."
        )
    folder.chmod(0o700)
