"""The servers that are compared; each runs in a process of its own: `python -m … NAME PORT`."""

from __future__ import annotations

import asyncio
import io
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any, cast

import uvloop

from bench.fastagi.menu import COMMANDS


class Bare(asyncio.Protocol):
    """The least a protocol can do: the limit to approach. No limits, no time-outs, no checks."""

    def __init__(self) -> None:
        self.step = -1
        self.buffer = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.step < 0:
            if not self.buffer.endswith(b"\n\n"):
                return
        elif not self.buffer.endswith(b"\n"):
            return
        self.buffer = b""
        self.step += 1
        if self.step < len(COMMANDS):
            self.transport.write(COMMANDS[self.step])
        else:
            self.transport.close()


async def bare(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Bare, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


async def ours(port: int) -> None:
    """Our session: typed ends, bounded lines, a deadline on each command."""
    from agi.session import Session

    tasks: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()

    async def serve(session: Session) -> None:
        for line in COMMANDS:
            await session.send(line, 10)
        session.end()

    def begin(session: Session) -> None:
        task = loop.create_task(serve(session))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await loop.create_server(lambda: Session(loop, begin), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


async def door(port: int) -> None:
    """The whole server: real menus, decision variables, metrics, a log line a call."""
    from agi.server import Door
    from ivr.loader import MenuLoader
    from rexian.kernel import logs

    logs.configure(None, "agi")
    server = await Door(MenuLoader().current, Path("/var/prompts")).listen("127.0.0.1", port)
    await server.serve_forever()


async def panoramisk(port: int) -> None:
    from panoramisk import fast_agi

    async def serve(request: Any) -> None:
        for line in COMMANDS:
            await request.send_command(line.decode().strip())

    application = fast_agi.Application(loop=asyncio.get_running_loop())
    application.add_route("12345", serve)
    server = await asyncio.start_server(application.handler, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


def pyst2(port: int) -> None:
    """pyst2 in threads. Its signal handler cannot be set there and its traces are thrown away."""
    from asterisk import agi as library

    class Threaded(library.AGI):  # type: ignore[misc]
        def __init__(self, stdin: Any, stdout: Any) -> None:
            self.stdin, self.stdout, self.stderr = stdin, stdout, io.StringIO()
            self._got_sighup = False
            self.env: dict[str, str] = {}
            self._get_agi_env()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            stdout = io.TextIOWrapper(cast("Any", self.wfile), write_through=True)
            call = Threaded(self.rfile, stdout)
            for line in COMMANDS:
                call.execute(line.decode().strip())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        request_queue_size = 512
        daemon_threads = True

    threading.stack_size(256 * 1024)
    with Server(("127.0.0.1", port), Handler) as server:
        server.serve_forever()


SERVERS = {"bare": bare, "ours": ours, "door": door, "panoramisk": panoramisk, "pyst2": pyst2}


def main() -> None:
    name, port = sys.argv[1], int(sys.argv[2])
    if name == "pyst2":
        pyst2(port)
    else:
        uvloop.run(cast("Any", SERVERS[name])(port))


if __name__ == "__main__":
    main()
