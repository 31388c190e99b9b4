"""The desks under test: the application on a real database, and people signed in to it."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, async_playwright
from sqlalchemy import text

from contacts.service import call_answered, call_ended, call_queued, call_started
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.app.web import build_web
from rexian.app.wiring import Services, secret_store
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.settings import ROOT, Settings
from tests.support.wait import until

WATER_QUALITY = "010101"
CALLER = "085185550123"
WORDS = "某小区 3 栋二次供水从昨天晚上开始发黄，今天上午自来水仍然浑浊，希望尽快检测并告知结果。"


def application(
    settings: Settings, clock: Clock, db: Database, *, follow: bool = False
) -> Litestar:
    """The web desk on this database."""
    services = Services(settings=settings, clock=clock, db=db, secrets=secret_store(settings))
    return build_web(services, follow=follow)


def visitor(app: Litestar, *, json: bool = False) -> httpx.AsyncClient:
    """Somebody who is not signed in."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False),
        base_url="http://desk.test",
        headers={"Accept": "application/json"} if json else {"Accept": "text/html"},
    )


async def person(app: Litestar, login: str, *, json: bool = False) -> httpx.AsyncClient:
    """Somebody signed in, whose requests carry the CSRF token."""
    client = visitor(app, json=json)
    answer = await client.post(
        "/sign-in",
        json={"login": login, "password": DEVELOPMENT_PASSWORD},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return client


def request_form(**more: str) -> dict[str, str]:
    """A complete form of the call screen."""
    return {
        "kind": "complaint",
        "category": WATER_QUALITY,
        "text": WORDS,
        "department": "D-WATER",
        "action": "dispatch",
        **more,
    }


async def live_call(db: Database, call: str, at: datetime, *, seat: str = "1012") -> None:
    """A call that is being answered at `seat`, as the mirror and the contacts have it."""
    async with db.begin() as tx:
        await tx.execute(
            text("""
                INSERT INTO calls (id, uniqueid, channel, line, caller, state, queue, seat,
                    started_at, queued_at, answered_at)
                VALUES (:id, :id, 'PJSIP/trunk-1', '12345', :caller, 'talking', '12345', :seat,
                    :at, :queued, :answered)
            """),
            {
                "id": call,
                "caller": CALLER,
                "seat": seat,
                "at": at,
                "queued": at + timedelta(seconds=3),
                "answered": at + timedelta(seconds=12),
            },
        )
        await tx.execute(
            text("""
                INSERT INTO seat_states (seat, wanted, signed_in, phone, call_id, changed_at)
                VALUES (:seat, 'ready', true, 'busy', :call, :at)
                ON CONFLICT (seat) DO UPDATE SET call_id = :call, phone = 'busy'
            """),
            {"seat": seat, "call": call, "at": at},
        )
        await call_started(tx, call, line="12345", number=CALLER, name="", at=at)
        await call_queued(tx, call, at=at + timedelta(seconds=3))
        await call_answered(tx, call, seat=seat, at=at + timedelta(seconds=12))


async def end_call(db: Database, call: str, at: datetime) -> None:
    """The caller hangs up."""
    async with db.begin() as tx:
        await tx.execute(
            text("UPDATE calls SET state = 'ended', ended_at = :at WHERE id = :id"),
            {"id": call, "at": at},
        )
        await tx.execute(
            text("UPDATE seat_states SET call_id = NULL WHERE call_id = :id"), {"id": call}
        )
        await call_ended(tx, call, at=at)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to pytest."""
        yield


@asynccontextmanager
async def served(app: Litestar, port: int = 0) -> AsyncIterator[str]:
    """The application on a real socket; gives its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=2
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started, 15, "the web server listens")
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{bound}"
    finally:
        app.state.hub.close()
        server.should_exit = True
        await task


def chromium() -> str:
    """The browser's program: REXIAN_CHROMIUM, the one under var/, or the distribution's."""
    own = ROOT / "var" / "bin" / "chromium"
    for found in (os.environ.get("REXIAN_CHROMIUM"), str(own), shutil.which("chromium")):
        if found and Path(found).exists():
            return found
    raise AssertionError("no Chromium: apt-get install chromium, or set REXIAN_CHROMIUM")


BROWSER_OPTIONS: dict[str, Any] = {
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
}


@asynccontextmanager
async def chromium_browser() -> AsyncIterator[Browser]:
    """A headless Chromium, and nothing left of it afterwards.

    Playwright does not wait for the end of its driver: a loop that closes first would leave the
    driver's exit unread.
    """
    before = _children()
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium(), **BROWSER_OPTIONS)
        yield started
        await started.close()
    await until(lambda: _children() <= before, 20, "Playwright's driver has ended")
    for _ in range(3):
        await asyncio.sleep(0)


def _children() -> set[str]:
    """Processes of this one that have not been reaped, and threads that wait for one."""
    tasks = Path("/proc/self/task").glob("*/children")
    waiting = {one.name for one in threading.enumerate() if one.name.startswith("waitpid-")}
    return {pid for file in tasks for pid in file.read_text().split()} | waiting
