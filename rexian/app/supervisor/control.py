"""The supervisor's ear: a socket only its own user may enter, one JSON line each way.

Questions: {"do": "status"}, {"do": "down"}, {"do": "restart", "name": "desk"}.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rexian.app.services import sockets

NAME = "supervisor.sock"
_LINE_SECONDS = 5.0
_DOWN_SECONDS = 120.0

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def socket_path(home: Path) -> Path:
    """Where the socket of the supervisor of `home` lies."""
    return sockets.folder_for(home / "run", NAME) / NAME


class NotUp(Exception):
    """Nothing is up here: start it with `make run` or `rexian up`."""


async def serve(path: Path, answer: Answer) -> asyncio.Server:
    """Listen on `path` (mode 0600 in a folder of mode 0700)."""
    path.unlink(missing_ok=True)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_LINE_SECONDS):
                line = await reader.readline()
            said = await answer(_question(line))
            writer.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(talk, str(path))
    path.chmod(0o600)
    return server


def _question(line: bytes) -> dict[str, Any]:
    try:
        read = json.loads(line)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def ask(home: Path, question: dict[str, Any], seconds: float = _DOWN_SECONDS) -> dict[str, Any]:
    """Ask the supervisor of `home`. Raises NotUp when there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(seconds)
        try:
            line.connect(str(socket_path(home)))
            line.sendall(json.dumps(question).encode() + b"\n")
            with line.makefile("rb") as answers:
                said = answers.readline()
        except (FileNotFoundError, ConnectionError) as error:
            raise NotUp from error
    if not said:
        raise NotUp
    answer: dict[str, Any] = json.loads(said)
    return answer
