"""Mail servers that break off, and one that wants TLS and a login."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from outbound.mail_sender import MailSender, MailServer
from outbound.model import State
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database

MESSAGE: Any = SimpleNamespace(
    id="m-1", recipient="wang@example.com", title="告知书", body="准予许可\n.\n完"
)
Serve = Callable[[str], Any]


def sender_to(server: MailServer, clock: FixedClock) -> MailSender:
    nowhere = Database("postgresql://rexian_app:x@127.0.0.1:1/none")
    return MailSender(nowhere, clock, server, "12345@hotline.example")


@pytest.fixture
async def breaking() -> AsyncIterator[Serve]:
    """A server that closes the connection instead of answering one command."""
    servers: list[asyncio.Server] = []

    async def serve(breaks_at: str) -> int:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 here\r\n")
            while line := await reader.readline():
                word = line.strip().upper().decode("ascii", "replace")
                if word.startswith(breaks_at):
                    break
                writer.write(b"354 go\r\n" if word == "DATA" else b"250 ok\r\n")
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield serve
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("breaks_at", "state"),
    [
        ("EHLO", State.WAITING),
        ("MAIL", State.WAITING),
        ("RCPT", State.WAITING),
        ("DATA", State.WAITING),
        ("FROM:", State.UNCERTAIN),
    ],
)
async def test_only_after_the_content_is_it_uncertain(
    breaking: Serve, clock: FixedClock, breaks_at: str, state: State
) -> None:
    sender = sender_to(MailServer("127.0.0.1", await breaking(breaks_at)), clock)
    result = await asyncio.to_thread(sender._send, MESSAGE)
    assert result.state is state


async def test_told_to_stop_a_dialogue_without_content_is_broken_off(clock: FixedClock) -> None:
    greeted = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        await reader.readline()
        greeted.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        sender = sender_to(MailServer("127.0.0.1", port), clock)
        sending = asyncio.create_task(asyncio.to_thread(sender._send, MESSAGE))
        async with asyncio.timeout(5):
            await greeted.wait()
            sender.hold()
            assert (await sending).state is State.WAITING
    assert (await asyncio.to_thread(sender._send, MESSAGE)).note == "stopping"


class Mailbox:
    """Keeps the content of what was handed in."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.contents.append(envelope.content)
        return "250 taken"


@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_starttls_and_login(tmp_path: Path, clock: FixedClock, password: str) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        f" -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}"
    )
    await asyncio.to_thread(subprocess.run, words.split(), check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    mailbox = Mailbox()

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        return AuthResult(success=data.password == b"right")

    def protocol() -> SMTP:
        return SMTP(
            mailbox,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=known,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    account = MailServer("localhost", port, True, certificate, "hotline", password)
    result = await asyncio.to_thread(sender_to(account, clock)._send, MESSAGE)
    server.close()
    if password == "right":
        assert (result.state, len(mailbox.contents)) == (State.SENT, 1)
    else:
        assert (result.state, mailbox.contents) == (State.WAITING, [])
