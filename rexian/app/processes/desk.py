"""The web desk: Litestar under uvicorn on 127.0.0.1."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from rexian.app.web import build_web
from rexian.app.wiring import build
from rexian.kernel.settings import Settings

#: Open event streams are ended by the hub; anything else gets this long when stopping.
GRACE_S = 3


class _Server(uvicorn.Server):
    """Leaves signals to the program that runs us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: `stop` ends us."""
        yield


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    services = build(settings, pool_size=10)
    application = build_web(services)
    server = _Server(
        uvicorn.Config(
            application,
            host="127.0.0.1",
            port=settings.ports.desk,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=20,
            timeout_graceful_shutdown=GRACE_S,
            lifespan="on",
        )
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    application.state.hub.close()
    server.should_exit = True
    stopping.cancel()
    await serving
    await services.close()
