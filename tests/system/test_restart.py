"""Stopping leaves nobody and loses nothing; a frozen FastAGI server holds no caller for long."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from rexian.app.robots import audio
from rexian.app.robots.phone import Phone
from tests.support import hotline
from tests.support.system import System

MENU_BUDGET_S = 5
_first = itertools.count(20_000_000, 100_000)
#: Tables that must look the same before and after; sessions and leases may move.
KEPT = ("cases", "case_texts", "contacts", "messages", "message_parts", "receipts", "events")


async def _rows(system: System) -> dict[str, str]:
    """A digest of every row of the tables that hold what people said and did."""
    db = system.database()
    try:
        async with db.begin() as tx:
            return {
                table: str(
                    await tx.scalar(
                        text(
                            f"SELECT count(*) || md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
                        )
                    )
                )
                for table in KEPT
            }
    finally:
        await db.close()


async def _accept_some(system: System) -> None:
    db = system.database()
    try:
        async with hotline.accepting(db, next(_first)) as stream:
            pass
        await hotline.nothing_lost(system, db, stream)
    finally:
        await db.close()


@dataclass(frozen=True)
class Stopped:
    """What was there after stopping, and after starting again."""

    code: int
    left: list[int]
    status: int
    seconds: float
    before: dict[str, str]
    after: dict[str, str]

    def check(self) -> None:
        assert self.code == 0
        assert self.left == []
        assert self.status == 3
        assert self.seconds < 30
        assert self.after == self.before


def _around(system: System, stop: Callable[[], int], **environment: str) -> Stopped:
    """Stop while cases were just accepted, look, and start again."""
    asyncio.run(_accept_some(system))
    before = asyncio.run(_rows(system))
    code = stop()
    left, status = system.processes(), system.run("status", "--json").returncode
    seconds = system.start(**environment)
    return Stopped(code, left, status, seconds, before, asyncio.run(_rows(system)))


def _down(system: System) -> int:
    code = system.run("down").returncode
    return code or system.stop()


@pytest.fixture(scope="module")
def short_menus(system: System) -> Iterator[Stopped]:
    """The same system with a menu budget that a test can wait for: stopped by `rexian down`."""
    name = "REXIAN_TELEPHONY__MENU_BUDGET_S"
    yield _around(system, lambda: _down(system), **{name: str(MENU_BUDGET_S)})
    if system.environment.pop(name, None):
        system.stop()
        system.start()


@pytest.mark.timeout(240)
def test_down_leaves_no_orphan_and_a_restart_shows_everything_again(short_menus: Stopped):
    short_menus.check()


def _stage(system: System, number: str) -> str:
    """Dialplan context of the caller's channel now."""
    for line in system.asterisk("core show channels concise").splitlines():
        fields = line.split("!")
        if len(fields) > 7 and fields[7].endswith(number[-8:]) and "trunk" in fields[0]:
            return fields[1]
    return ""


async def _freed_after(system: System, number: str, seconds: float) -> float:
    """Seconds until the caller has left the frozen menu."""
    began = time.monotonic()

    async def left() -> bool:
        return await asyncio.to_thread(_stage, system, number) in {"classic", "wait", "bare"}

    await hotline.eventually(left, seconds, f"{number} leaves the frozen menu")
    return time.monotonic() - began


@pytest.mark.timeout(240)
async def test_a_frozen_menu_server_holds_nobody(
    system: System, short_menus: Stopped, tmp_path: Path
):
    async with (
        hotline.seat(system, tmp_path, "1012") as first,
        hotline.citizen(system, tmp_path, "13985000031") as talking,
        hotline.citizen(system, tmp_path, "13985000032") as waiting,
        hotline.citizen(system, tmp_path, "13985000033") as trapped,
        hotline.citizen(system, tmp_path, "13985000034") as after,
    ):
        await talking.dial("12345")
        await talking.press("0")
        await first.phone.answered(seconds=30)
        await hotline.talk(talking, first)
        await waiting.dial("12345")
        await waiting.press("0")
        await hotline.eventually(
            lambda: asyncio.to_thread(lambda: _stage(system, "13985000032") == "wait"), 20, "queued"
        )
        await trapped.dial("12345")

        frozen = system.pid("agi")
        os.kill(frozen, signal.SIGSTOP)
        since = _marks(talking, first.phone, waiting)
        await after.dial("12345")
        limit = MENU_BUDGET_S + 2.5
        freed = await asyncio.gather(
            _freed_after(system, "13985000033", limit), _freed_after(system, "13985000034", limit)
        )
        assert max(freed) <= limit
        _undisturbed(since, talking, first.phone, waiting)

        async with hotline.seat(system, tmp_path, "1011") as second:
            for number, one in enumerate((waiting, trapped, after), start=1):
                await second.phone.answered(seconds=45, count=number)
                assert one.in_call
                await hotline.talk(one, second)
                await one.hang_up()
        _undisturbed(since, talking, first.phone)
        await talking.hang_up()
    system.wait_healthy(30)


def _marks(*phones: Phone) -> dict[Phone, int]:
    return {one: len(one.heard()) for one in phones}


def _undisturbed(
    since: dict[Phone, int], talking: Phone, seat: Phone, waiting: Phone | None = None
):
    """Those in talk heard each other without a hole, who waits is still there and hears music."""
    assert hotline.longest_hole(talking.heard()[since[talking] :], hotline.SEAT_HERTZ) <= 0.3
    assert hotline.longest_hole(seat.heard()[since[seat] :], hotline.CITIZEN_HERTZ) <= 0.3
    if waiting is not None:
        music = waiting.heard()[since[waiting] :]
        assert waiting.in_call
        assert len(music) > 2 * audio.RATE
        assert abs(music).max() > 0.01


@pytest.mark.timeout(240)
def test_ctrl_c_leaves_no_orphan_and_a_restart_shows_everything_again(
    system: System, short_menus: Stopped
):
    system.environment.pop("REXIAN_TELEPHONY__MENU_BUDGET_S", None)
    _around(system, system.stop).check()
