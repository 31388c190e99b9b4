"""The mail sink: takes any mail on 127.0.0.1 and writes it to a folder, one .eml each."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from rexian.kernel.ids import new_id

log = structlog.get_logger()
MAX_MAIL_OCTETS = 20 * 1024 * 1024


class Mailbox:
    """aiosmtpd's handler: every mail becomes a file with an id for a name (no address in it)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Store, then answer 250."""
        content = envelope.content
        octets = content.encode() if isinstance(content, str) else bytes(content or b"")
        name = f"{new_id()}.eml"
        part = self.folder / f".{name}"
        await asyncio.to_thread(part.write_bytes, octets)
        part.rename(self.folder / name)
        log.info("mail stored", mail=name, octets=len(octets))
        return f"250 stored as {name}"


async def start_mailbox(folder: Path, port: int, host: str = "127.0.0.1") -> asyncio.Server:
    """Listen; the caller closes the server."""
    loop = asyncio.get_running_loop()
    logging.getLogger("mail.log").setLevel(logging.WARNING)

    def session() -> Any:
        return SMTP(Mailbox(folder), data_size_limit=MAX_MAIL_OCTETS, loop=loop)

    return await loop.create_server(session, host, port)
