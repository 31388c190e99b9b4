"""The desks in a real browser: the pop of a call, keys alone, drafts through failures, small screens.

Chromium comes from REXIAN_CHROMIUM, var/bin or the distribution.
"""

import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from litestar import Litestar
from playwright.async_api import Browser, Page
from sqlalchemy import text

from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.kernel.clock import SystemClock
from rexian.kernel.db import Database
from rexian.kernel.notify import notify
from rexian.kernel.settings import Settings
from tests.support.wait import until
from tests.support.web import (
    WORDS,
    application,
    chromium_browser,
    end_call,
    live_call,
    served,
)

POPS = 5
POP_LIMIT_S = 0.3
PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium_browser() as started:
        yield started


@pytest.fixture
def live_app(settings: Settings, db: Database) -> Litestar:
    return application(settings, SystemClock(), db, follow=True)


async def opened(browser: Browser, base: str, login: str, **options) -> tuple[Page, list[str]]:
    """A page of a person signed in, and what the browser complains of."""
    context = await browser.new_context(locale="zh-CN", base_url=base, **options)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
    await page.goto("/sign-in")
    await page.fill("#login", login)
    await page.fill("#password", DEVELOPMENT_PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page, complaints


def new_call(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"asterisk:browser:{number}"))


async def answered(db: Database, call: str) -> float:
    """A call is answered at the seat; gives the moment it was committed."""
    await live_call(db, call, datetime.now(UTC))
    async with db.begin() as tx:
        await notify(tx, "desk", json.dumps({"seat": "1012", "what": "call", "call": call}))
    return time.monotonic()


async def test_the_caller_pops_within_300_ms_of_the_answer(live_app, browser, db):
    async with served(live_app) as base:
        page, complaints = await opened(browser, base, "agent1012")
        await live_app.state.hub.connected.wait()
        await until(lambda: live_app.state.hub.browsers, 10, "the browser listens")
        took = []
        for number in range(POPS):
            call = new_call(number)
            at = await answered(db, call)
            await page.wait_for_selector(f'[data-call="{call}"]:not([data-ended])')
            took.append(time.monotonic() - at)
            assert "0851-8555 0123" in await page.inner_text("#bar")
            await page.wait_for_function(
                "call => document.forms['case-form'].elements.contact.value === call", arg=call
            )
            await end_call(db, call, datetime.now(UTC))
        assert "号码" in await page.inner_text("#caller")
        assert complaints == []
        assert statistics.median(took) < POP_LIMIT_S, took
        await page.context.close()


async def test_a_request_is_taken_down_with_the_keyboard_alone(live_app, browser, db):
    await answered(db, new_call(1))
    async with served(live_app) as base:
        page, complaints = await opened(browser, base, "agent1012")
        await page.keyboard.press("Alt+3")
        await page.keyboard.press("Tab")
        await page.keyboard.type(WORDS)
        await page.wait_for_selector("#suggestion [data-take]")
        await page.keyboard.press("Alt+A")
        await page.wait_for_function(
            "() => document.getElementById('department-text').value === '贵阳市水务管理局'"
        )
        await page.wait_for_function(
            "() => document.getElementById('promise').innerText.includes('水电气暖')"
        )
        await page.keyboard.press("Alt+P")
        await page.keyboard.type("中华南路")
        await page.keyboard.press("Enter")
        assert await page.input_value("#township-text") == "南明区 中华南路街道"
        await page.keyboard.press("Control+Enter")
        await page.wait_for_selector(".accepted")
        number = await page.inner_text(".accepted a")
        assert number.startswith("12345-")
        assert await page.input_value("#text") == ""
        assert complaints == []
        await page.context.close()


async def test_ctrl_d_answers_directly_and_ctrl_s_saves(live_app, browser, db):
    async with served(live_app) as base:
        page, _ = await opened(browser, base, "agent1012")
        await page.keyboard.press("Alt+1")
        await page.fill("#text", WORDS)
        await page.keyboard.press("Control+S")
        await page.wait_for_selector("[data-saved] >> text=已保存")
        await page.wait_for_selector("#suggestion [data-take]")
        await page.keyboard.press("Alt+A")
        await page.keyboard.press("Control+D")
        await page.wait_for_selector("#answer-wrong")
        assert await page.evaluate("document.activeElement.id") == "answer"
        assert await page.input_value("#text") == WORDS
        await page.keyboard.type("水厂检修，今晚八点恢复。")
        await page.keyboard.press("Control+D")
        await page.wait_for_selector(".accepted")
        assert "已直接答复并办结" in await page.inner_text(".accepted")
        await page.context.close()


async def test_a_bare_key_chooses_the_kind_and_typing_does_not(live_app, browser):
    async with served(live_app) as base:
        page, _ = await opened(browser, base, "agent1012")
        await page.focus("#text")
        await page.keyboard.type("3 栋 1 单元")
        assert await page.input_value("#text") == "3 栋 1 单元"
        assert await page.locator("input[name=kind]:checked").count() == 0
        await page.keyboard.press("Escape")
        await page.keyboard.press("2")
        assert await page.locator("input[name=kind]:checked").get_attribute("value") == "help"
        await page.keyboard.press("/")
        assert await page.evaluate("document.activeElement.id") == "find"
        await page.context.close()


async def test_nothing_typed_is_lost_when_the_server_is_down(live_app, browser, settings, db):
    async with served(live_app) as base:
        page, _ = await opened(browser, base, "agent1012")
        await page.fill("#text", "先写一半")
        await page.wait_for_function(
            "() => document.querySelector('[data-saved]').innerText.startsWith('已保存')"
        )
    await page.fill("#text", WORDS)
    await page.wait_for_function(
        "() => document.querySelector('[data-saved]').innerText.includes('已存在本机')"
    )
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#notices .bad")
    assert await page.input_value("#text") == WORDS
    again = application(settings, SystemClock(), db, follow=True)
    async with served(again, port=int(base.rpartition(":")[2])):
        await page.reload()
        assert await page.input_value("#text") == WORDS
        await page.wait_for_function(
            "() => document.querySelector('[data-saved]').innerText.startsWith('已保存')"
        )
        await page.context.close()
    async with db.begin() as tx:
        kept = (await tx.execute(text("SELECT body->>'text' FROM desk_drafts"))).scalar_one()
    assert kept == WORDS


async def test_nothing_typed_is_lost_when_the_session_ends(live_app, browser, db):
    async with served(live_app) as base:
        page, _ = await opened(browser, base, "agent1012")
        async with db.begin() as tx:
            await tx.execute(text("DELETE FROM web_sessions"))
        await page.fill("#text", WORDS)
        await page.click("[data-saved] a")
        await page.wait_for_url(lambda url: "/sign-in" in url)
        await page.fill("#login", "agent1012")
        await page.fill("#password", DEVELOPMENT_PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        assert await page.input_value("#text") == WORDS
        await page.context.close()


async def test_signing_out_leaves_nothing_on_the_computer(live_app, browser):
    async with served(live_app) as base:
        page, _ = await opened(browser, base, "agent1012")
        await page.fill("#text", WORDS)
        await page.wait_for_selector("[data-saved] >> text=已保存")
        await page.goto("/me")
        assert await page.evaluate("() => Object.keys(localStorage).length") == 1
        await page.click("form[action='/sign-out'] button")
        await page.wait_for_url(lambda url: "/sign-in" in url)
        assert await page.evaluate("() => Object.keys(localStorage).length") == 0
        await page.context.close()


async def test_a_new_call_does_not_take_the_form_away(live_app, browser, db):
    async with served(live_app) as base:
        page, _ = await opened(browser, base, "agent1012")
        await live_app.state.hub.connected.wait()
        first, second = new_call(1), new_call(2)
        await answered(db, first)
        await page.wait_for_selector(f'[data-call="{first}"]')
        await page.fill("#text", WORDS)
        await end_call(db, first, datetime.now(UTC))
        await answered(db, second)
        await page.wait_for_selector("#notices a[data-key='Alt+N']")
        assert await page.input_value("#text") == WORDS
        await page.keyboard.press("Alt+N")
        await page.wait_for_url(f"**contact={second}")
        assert await page.input_value("#text") == ""
        assert WORDS[:10] in await page.inner_text("#caller")
        await page.click(f"#caller a[href='/desk?contact={first}']")
        await page.wait_for_url(f"**contact={first}")
        assert await page.input_value("#text") == WORDS
        await page.context.close()


async def test_every_page_fits_a_phone_and_shows_where_the_focus_is(live_app, browser):
    pages = {
        "agent1012": ["/desk", "/cases", "/knowledge", "/hotspots", "/me"],
        "water": ["/inbox", "/cases"],
        "centre": ["/review", "/approvals", "/notices", "/exchange/files"],
    }
    async with served(live_app) as base:
        for login, paths in pages.items():
            page, complaints = await opened(browser, base, login, viewport=PHONE)
            for path in paths:
                await page.goto(path)
                width = await page.evaluate("document.documentElement.scrollWidth")
                assert width <= PHONE["width"], (path, width)
                for _ in range(4):
                    await page.keyboard.press("Tab")
                outline = await page.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle"
                )
                assert outline == "solid", path
            assert complaints == []
            await page.context.close()
