"""The process `desk`: it serves, streams live updates, and stops with browsers connected."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import httpx
from sqlalchemy import text

from rexian.app.processes import desk
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.kernel.db import Database
from rexian.kernel.notify import notify
from rexian.kernel.settings import Settings, load_settings
from tests.support.wait import until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_settings(settings: Settings, db: Database, port: int) -> Settings:
    overrides = {
        "home": str(settings.home),
        "database_url": db.url.render_as_string(hide_password=False),
        "ports": {"desk": port},
    }
    return load_settings({}, overrides=overrides)


async def answering(client: httpx.AsyncClient) -> bool:
    try:
        await client.get("/sign-in")
    except httpx.TransportError:
        return False
    return True


async def test_the_desk_serves_streams_and_stops(settings, db):
    port = free_port()
    stop = asyncio.Event()
    running = asyncio.create_task(desk.main(own_settings(settings, db, port), stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        await until(lambda: answering(client), 20, "the desk answers")
        login = {"login": "agent1012", "password": DEVELOPMENT_PASSWORD}
        await client.post("/sign-in", json=login, headers={"Accept": "application/json"})
        async with client.stream("GET", "/live") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: hello"
            async with asyncio.timeout(20):
                while await _told(db, lines) != "event: call":
                    pass
                assert json.loads((await anext(lines)).removeprefix("data: "))["call"] == "c-1"
            stop.set()
            async with asyncio.timeout(10):
                await running
                async for _ in lines:
                    pass
    async with db.begin() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM web_sessions"))).scalar_one() == 1


async def _told(db: Database, lines: AsyncIterator[str]) -> str:
    """The next event's name, after telling the seat of a call."""
    async with db.begin() as tx:
        await notify(tx, "desk", json.dumps({"seat": "1012", "what": "call", "call": "c-1"}))
    async for line in lines:
        if line.startswith("event: "):
            return line
    raise AssertionError("the stream ended")
