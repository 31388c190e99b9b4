"""DEVELOPMENT ONLY: `rexian run carrier`, the simulated carrier (SMPP and its HTTP control)."""

from __future__ import annotations

import asyncio

from rexian.app.carrier.control import control_server
from rexian.app.carrier.smsc import Smsc
from rexian.app.carrier.store import CarrierStore
from rexian.kernel.settings import Settings


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    smsc = Smsc(CarrierStore())
    server = control_server(smsc, settings.ports.carrier_http)
    await smsc.start(settings.ports.smpp)
    serving = asyncio.create_task(server.serve())
    await stop.wait()
    server.should_exit = True
    await serving
    await smsc.stop()
