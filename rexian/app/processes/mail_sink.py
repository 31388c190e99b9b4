"""DEVELOPMENT ONLY: `rexian run mail-sink`, a mailbox that writes to var/mail."""

from __future__ import annotations

import asyncio

from rexian.app.carrier.mailbox import start_mailbox
from rexian.kernel.settings import Settings


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    server = await start_mailbox(settings.path("mail"), settings.ports.mail)
    await stop.wait()
    server.close()
    await server.wait_closed()
