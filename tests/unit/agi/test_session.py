"""One AGI session, with a transport that only remembers: no socket."""

from __future__ import annotations

import asyncio

import pytest

from agi.session import CallerGone, CommandTimeout, Session
from agi.wire import MAX_LINE_BYTES, BadAnswer

HEADERS = b"agi_network: yes\nagi_network_script: 12345\nagi_uniqueid: hotline-1-1.2\n\n"


class Wire(asyncio.Transport):
    """What the session wrote, and whether it closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True


def opened() -> tuple[Session, Wire, list[Session]]:
    begun: list[Session] = []
    session = Session(asyncio.get_running_loop(), begun.append)
    wire = Wire()
    session.connection_made(wire)
    return session, wire, begun


async def test_it_begins_when_the_headers_are_complete() -> None:
    session, _, begun = opened()
    for byte in HEADERS[:-1]:
        session.data_received(bytes([byte]))
    assert not begun
    session.data_received(b"\n")
    assert begun == [session]
    assert session.headers["agi_uniqueid"] == "hotline-1-1.2"
    session.end()


async def test_a_bare_connection_begins_nothing() -> None:
    session, wire, begun = opened()
    session.connection_lost(None)
    assert not begun
    assert session.ended
    session, wire, begun = opened()
    session.data_received(b"\n")
    assert not begun
    assert wire.closed


async def test_a_command_has_one_answer() -> None:
    session, wire, _ = opened()
    session.data_received(HEADERS)
    sending = asyncio.create_task(session.send(b"ANSWER\n", 1))
    await asyncio.sleep(0)
    assert wire.written == [b"ANSWER\n"]
    session.data_received(b"100 result=0 Trying...\n200 res")
    session.data_received(b"ult=0\n")
    assert (await sending).code == 200
    session.end()


async def test_two_commands_at_once_are_a_mistake() -> None:
    session, _, _ = opened()
    session.data_received(HEADERS)
    first = asyncio.create_task(session.send(b"A\n", 1))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await session.send(b"B\n", 1)
    session.end()
    with pytest.raises(CallerGone):
        await first


@pytest.mark.parametrize(
    "end", [b"HANGUP\n", b"511 Command Not Permitted on a dead channel\n", None]
)
async def test_every_end_is_the_same_end(end: bytes | None) -> None:
    session, wire, _ = opened()
    session.data_received(HEADERS)
    sending = asyncio.create_task(session.send(b"WAIT FOR DIGIT 1000\n", 1))
    await asyncio.sleep(0)
    if end is None:
        session.connection_lost(None)
    else:
        session.data_received(end)
    with pytest.raises(CallerGone):
        await sending
    assert session.ended
    assert wire.closed or end is None
    with pytest.raises(CallerGone):
        await session.send(b"NOOP\n", 1)


async def test_a_frozen_asterisk_is_left() -> None:
    session, wire, _ = opened()
    session.data_received(HEADERS)
    with pytest.raises(CommandTimeout):
        await session.send(b"NOOP\n", 0.01)
    assert wire.closed


async def test_usage_and_values_of_many_lines() -> None:
    session, _, _ = opened()
    session.data_received(HEADERS)
    sending = asyncio.create_task(session.send(b"X\n", 1))
    await asyncio.sleep(0)
    session.data_received(b"520-Invalid command syntax.\nUsage: X\n520 End of proper usage.\n")
    assert (await sending).code == 520
    sending = asyncio.create_task(session.send(b"GET VARIABLE X\n", 1))
    await asyncio.sleep(0)
    session.data_received(b"200 result=1 (one\ntwo)\n")
    assert (await sending).value == "one\ntwo"
    session.end()


@pytest.mark.parametrize("flood", [b"x" * (MAX_LINE_BYTES + 2), b"agi_a: 1\n" * 5 + b"y" * 9000])
async def test_endless_lines_close_the_session(flood: bytes) -> None:
    session, wire, begun = opened()
    session.data_received(flood)
    assert wire.closed
    assert not begun


async def test_too_many_headers_close_the_session() -> None:
    session, wire, _ = opened()
    session.data_received(b"".join(b"agi_x%d: 1\n" % n for n in range(200)))
    assert wire.closed


async def test_no_agi_at_all_closes_the_session() -> None:
    session, _, _ = opened()
    session.data_received(HEADERS)
    sending = asyncio.create_task(session.send(b"NOOP\n", 1))
    await asyncio.sleep(0)
    session.data_received(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(BadAnswer):
        await sending
