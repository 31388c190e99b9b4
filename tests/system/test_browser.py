"""The agent's browser on the running system: a real call pops, and the desk may die meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import text

from rexian.app.seed import DEVELOPMENT_PASSWORD
from tests.support import hotline
from tests.support.system import System
from tests.support.web import WORDS, chromium_browser

NUMBER = "13985000061"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium_browser() as started:
        yield started


async def _desk(browser: Browser, system: System) -> Page:
    page = await (await browser.new_context(locale="zh-CN", base_url=system.desk)).new_page()
    await page.goto("/sign-in")
    await page.fill("[name=login]", "agent1008")
    await page.fill("[name=password]", DEVELOPMENT_PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")
    return page


async def _cases(system: System, call: str) -> int:
    db = system.database(pool_size=1)
    try:
        async with db.begin() as tx:
            query = text("SELECT count(*) FROM cases WHERE contact_id = :call")
            return int(await tx.scalar(query, {"call": call}) or 0)
    finally:
        await db.close()


@pytest.mark.timeout(150)
async def test_a_call_pops_and_what_is_typed_outlives_the_desk(
    system: System, browser: Browser, tmp_path
):
    page = await _desk(browser, system)
    async with (
        hotline.seat(system, tmp_path, "1008") as seat,
        hotline.citizen(system, tmp_path, NUMBER) as one,
    ):
        await one.dial("12345")
        await one.press("0")
        answered = await seat.phone.answered(seconds=30)
        await page.wait_for_function(
            "number => document.querySelector('#caller').innerText.replace(/\\D/g, '')"
            ".includes(number)",
            arg=NUMBER,
            timeout=5_000,
        )
        assert time.time() - float(answered["at"]) < 2
        call = await page.input_value("[name=contact]")

        await page.fill("#text", WORDS)
        await page.wait_for_selector("[data-saved] >> text=已保存")
        await asyncio.to_thread(system.kill, "desk", within=10)
        assert await page.input_value("#text") == WORDS
        await page.reload()
        assert await page.input_value("#text") == WORDS

        await page.keyboard.press("Alt+3")
        await page.wait_for_selector("#suggestion [data-take]")
        await page.keyboard.press("Alt+A")
        await page.wait_for_function("() => document.getElementById('department-text').value")
        await page.keyboard.press("Control+Enter")
        await page.keyboard.press("Control+Enter")
        await page.wait_for_selector(".accepted")
        assert await _cases(system, call) == 1
        await one.hang_up()
