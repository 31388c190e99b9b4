"""The six commands every server sends, and a stand-in for Asterisk that answers them."""

from __future__ import annotations

import asyncio

COMMANDS = (
    b"ANSWER\n",
    b'STREAM FILE "/var/prompts/greeting" "0123456789*#" 0\n',
    b"WAIT FOR DIGIT 3000\n",
    b'STREAM FILE "/var/prompts/menu" "0123456789*" 0\n',
    b'SET VARIABLE "REXIAN_QUEUE" "12345"\n',
    b'SET VARIABLE "REXIAN_DECISION" "queue"\n',
)
HEADERS = (
    b"agi_network: yes\nagi_network_script: 12345\nagi_request: agi://127.0.0.1:4573/12345\n"
    b"agi_channel: PJSIP/trunk-0000002a\nagi_language: zh\nagi_type: PJSIP\n"
    b"agi_uniqueid: hotline-1-1795296627.42\nagi_version: 22.10.1\nagi_callerid: 13985000000\n"
    b"agi_calleridname: unknown\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n"
    b"agi_callingtns: 0\nagi_dnid: 12345\nagi_rdnis: unknown\nagi_context: line\n"
    b"agi_extension: 12345\nagi_priority: 9\nagi_enhanced: 0.0\nagi_accountcode: \n"
    b"agi_threadid: 140000000000000\n\n"
)


class Caller(asyncio.Protocol):
    """One session from Asterisk's side: headers, then an answer to each line."""

    def __init__(self, done: asyncio.Future[int]) -> None:
        self.done = done
        self.answered = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(HEADERS)

    def data_received(self, data: bytes) -> None:
        for line in data.splitlines():
            self.answered += 1
            tail = b" endpos=3200" if line.startswith(b"STREAM") else b""
            self.transport.write(b"200 result=0" + tail + b"\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.done.done():
            self.done.set_result(self.answered)


async def sessions(port: int, count: int, at_once: int) -> list[int]:
    """Run `count` sessions, `at_once` side by side; returns how many commands each was sent."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(at_once)

    async def one() -> int:
        async with gate:
            done: asyncio.Future[int] = loop.create_future()
            await loop.create_connection(lambda: Caller(done), "127.0.0.1", port)
            return await done

    return await asyncio.gather(*(one() for _ in range(count)))
