"""Callers who hang up anywhere, and callers whose name is a weapon."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from calls.asterisk_conf import SECRET_GROUP
from rexian.app import wiring
from tests.support import hotline
from tests.support.sip import SipPhone
from tests.support.system import System

HOSTILE = {
    "13985000051": b"${SHELL(id)}",
    "13985000052": b'\\" onload=alert(1) \\"<script>alert(1)</script>',
    "13985000053": b"first%0D%0AX-Evil: 1 second",
    "13985000054": "王示例".encode("gbk"),
    "13985000055": b"A" * 500,
}


async def _contact(system: System, number: str) -> Any:
    db = system.database(pool_size=1)
    try:
        async with db.begin() as tx:
            found = await tx.execute(
                text(
                    "SELECT * FROM contacts WHERE caller_number LIKE :n"
                    " ORDER BY started_at DESC LIMIT 1"
                ),
                {"n": f"%{number[-8:]}"},
            )
            return found.one_or_none()
    finally:
        await db.close()


async def _over(system: System, number: str) -> str:
    """The outcome of the caller's contact once it is over."""

    async def ended() -> Any:
        row = await _contact(system, number)
        return row if row and row.ended_at else None

    return str((await hotline.eventually(ended, 15, f"the contact of {number} is over")).outcome)


async def _queued(system: System, number: str) -> None:
    async def there() -> bool:
        row = await _contact(system, number)
        return bool(row and row.queued_at)

    await hotline.eventually(there, 20, f"{number} is in the queue")


async def _in_greeting(system: System, folder: Path, number: str) -> None:
    async with hotline.citizen(system, folder, number) as one:
        await one.dial("12345")
        await hotline.eventually(lambda: _sound(one), 10, "the greeting is heard")
        await one.hang_up()


async def _sound(one: Any) -> bool:
    return len(one.heard()) > 4000


async def _in_menu(system: System, folder: Path, number: str) -> None:
    async with hotline.citizen(system, folder, number) as one:
        await one.dial("12345")
        await one.press("5")
        await one.press("1")
        await hotline.eventually(lambda: _sound(one), 10, "the menu is heard")
        await one.hang_up()


async def _in_queue(system: System, folder: Path, number: str) -> None:
    async with hotline.citizen(system, folder, number) as one:
        await one.dial("12345")
        await one.press("0")
        await _queued(system, number)
        await one.hang_up()


@pytest.mark.timeout(150)
async def test_who_hangs_up_at_any_step_is_counted_and_holds_nothing(system: System, tmp_path):
    await asyncio.gather(
        _in_greeting(system, tmp_path, "13985000041"),
        _in_menu(system, tmp_path, "13985000042"),
        _in_queue(system, tmp_path, "13985000043"),
    )
    assert await _over(system, "13985000041") == "menu"
    assert await _over(system, "13985000042") == "menu"
    assert await _over(system, "13985000043") == "abandoned"

    async with hotline.seat(system, tmp_path, "1011", answers_after_ms=None) as seat:
        async with hotline.citizen(system, tmp_path, "13985000044") as one:
            await one.dial("12345")
            await one.press("0")
            await seat.phone.expect("incoming", seconds=30)
            await one.hang_up()
        assert await _over(system, "13985000044") == "abandoned"
        await seat.phone.hung_up(seconds=10)
        await seat.be_ready()
    async with hotline.seat(system, tmp_path, "1010") as seat:  # in talk: `reach` hangs up there
        await hotline.reach(system, seat, tmp_path, "13985000045")
        assert await _over(system, "13985000045") == "answered"

    async def free() -> bool:
        said = await asyncio.to_thread(system.asterisk, "core show channels concise")
        return "!" not in said

    await hotline.eventually(free, 10, "no channel is left")


async def _hostile_phone(system: System) -> SipPhone:
    secret = wiring.secret_store(system.settings).get(SECRET_GROUP, "trunk")
    return await SipPhone("trunk", secret, system.settings.ports.sip).open()


@pytest.mark.timeout(150)
async def test_a_hostile_caller_name_is_only_a_name(system: System, tmp_path):
    before = _restarts(system)
    phones = {number: await _hostile_phone(system) for number in HOSTILE}
    waiting = set(phones)
    try:
        async with hotline.seat(system, tmp_path, "1009") as seat:
            await asyncio.gather(*(_dial(one, number) for number, one in phones.items()))
            for count in range(1, len(phones) + 1):
                await seat.phone.answered(seconds=30, count=count)
                number = await hotline.eventually(lambda: _on_screen(seat, waiting), 10, "shown")
                page = await seat.desk.page("/desk")
                assert "uid=" not in page
                assert "<script>alert(1)" not in page
                assert "onload=alert(1)" not in page
                waiting.remove(number)
                phones[number].hang_up()
                await seat.phone.hung_up(seconds=10)
                assert await _over(system, number) == "answered"
    finally:
        for one in phones.values():
            await one.close()
    written = "".join(
        file.read_text(errors="replace") for file in (system.home / "log").rglob("*.log")
    )
    assert "uid=" not in written
    assert _restarts(system) == before


async def _dial(one: SipPhone, number: str) -> None:
    await one.call("12345", caller=number.encode(), name=HOSTILE[number])
    assert one.talking, one.codes
    await one.press("0")


async def _on_screen(seat: hotline.Seat, waiting: set[str]) -> str:
    """Which of these callers the desk shows as talking now."""
    call = await seat.call()
    if call is None or call["answered_at"] is None or call["ended_at"] is not None:
        return ""
    return next((one for one in waiting if call["number"].endswith(one[-8:])), "")


def _restarts(system: System) -> dict[str, int]:
    return {one["name"]: one["restarts"] for one in system.status()["processes"]}
