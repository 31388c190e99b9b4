"""Questions to a process that only a working one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from rexian.app.services.ports import ADDRESS

SECONDS = 4.0


async def tcp(port: int, seconds: float = SECONDS) -> bool:
    """True when something accepts a connection on `port`."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(ADDRESS, port)
    except OSError:
        return False
    writer.close()
    return True


async def http(port: int, path: str, seconds: float = SECONDS) -> bool:
    """True when `GET path` is answered with a status below 500."""
    request = f"GET {path} HTTP/1.1\r\nHost: {ADDRESS}:{port}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(ADDRESS, port)
            writer.write(request.encode())
            await writer.drain()
            status = await reader.readline()
            writer.close()
    except OSError:
        return False
    words = status.split()
    return len(words) > 1 and words[1].isdigit() and int(words[1]) < 500  # noqa: PLR2004 - RFC 9110


async def command(
    words: Sequence[str], environment: Mapping[str, str], seconds: float = SECONDS
) -> bool:
    """True when the command ends with 0 in time."""
    asked = await asyncio.create_subprocess_exec(
        *words,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(seconds):
            return await asked.wait() == 0
    except TimeoutError:
        return False
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()
