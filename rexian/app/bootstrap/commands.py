"""Run a program of the set-up: its output into the log, its failures into a helpful sentence."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from rexian.app.bootstrap.errors import SetupError

_NETWORK = re.compile(
    r"temporary failure resolving|could not resolve|could not connect|connection (failed|refused|"
    r"timed out)|network is unreachable|newconnectionerror|name resolution|read timed out|"
    r"failed to fetch|unable to connect|no route to host|connecttimeout",
    re.IGNORECASE,
)
_SPACE = re.compile(r"no space left|not enough free (disk )?space|disk quota", re.IGNORECASE)
_log_lock = threading.Lock()


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    what: str,
    on_line: Callable[[str], None] | None = None,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run `command`, return its last lines. Raises SetupError naming `what` when it fails."""
    tail: deque[str] = deque(maxlen=40)
    env = {**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}
    try:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            cwd=folder,
        )
    except OSError as error:
        raise SetupError(f"{what}: {error}", f"{what}：程序无法启动。") from error
    with process:
        for line in process.stdout or ():
            tail.append(line.rstrip())
            _note(log, what, line)
            if on_line:
                on_line(line.rstrip())
    if process.returncode != 0:
        raise _explained(what, process.returncode, "\n".join(tail), log)
    return "\n".join(tail)


def _note(log: Path, what: str, line: str) -> None:
    with _log_lock:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"[{what}] {line.rstrip()}\n")


def _explained(what: str, code: int, output: str, log: Path) -> SetupError:
    if _SPACE.search(output):
        return SetupError(
            f"{what}: the disk is full. Free some space and run it again; it goes on from here.",
            f"{what}：磁盘已满。请清理空间后重新运行，会从这一步继续。",
        )
    if _NETWORK.search(output):
        return SetupError(
            f"{what}: the network or the mirror cannot be reached. Check the connection (and the "
            "proxy of pip and apt, if there is one), then run it again; it goes on from here.",
            f"{what}：网络或软件源无法访问。请检查网络（及 pip、apt 的代理）后重新运行，会从这一步继续。",
        )
    last = "\n".join(f"    {line}" for line in output.splitlines()[-8:])
    return SetupError(
        f"{what}: failed with code {code}:\n{last}\n  Everything it said: {log}",
        f"{what}：失败，详细输出见上述日志文件。",
    )
