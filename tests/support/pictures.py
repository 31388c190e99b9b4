"""Pictures of every page of the running system: `make screenshots`, while `make run` is up.

Each page is opened in Chromium at 1440×900 and 390×844 and written as a palette PNG; a page that
can be scrolled sideways, or a complaint of the browser's, is named at the end (exit code 1).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from rexian.app.robots.citizen import citizen_phone
from rexian.app.robots.desk import desk, seen
from rexian.app.robots.scenario import Caller
from rexian.app.robots.seat import Seat, seat
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.app.wiring import Services, build
from rexian.kernel.settings import ROOT, load_settings
from tests.support.picture_cases import Fill, Plan, load_plan
from tests.support.web import BROWSER_OPTIONS, chromium

SIZES = {"1440": (1440, 900), "390": (390, 844)}
COLOURS = 256
#: (name, login, address); an address in brackets is found by that link on the page before it.
PAGES = (
    ("sign-in", "", "/sign-in"),
    ("desk-idle", "agent1011", "/desk"),
    ("me", "agent1011", "/me"),
    ("knowledge", "agent1011", "/knowledge"),
    ("knowledge-search", "agent1011", "/knowledge?q=停水"),
    ("article", "agent1011", "/knowledge [#found li a]"),
    ("inbox", "water", "/inbox"),
    ("inbox-answered", "water", "/inbox?show=answered"),
    ("case-sign", "water", "/inbox?show=unsigned [[data-open]]"),
    ("case-reply", "water", "/inbox?show=signed [[data-open]]"),
    ("case-confidential", "urban", "/inbox [tr:has-text('油烟') [data-open]]"),
    ("review", "centre", "/review"),
    ("case-review", "centre", "/review [tr:has-text('水质') [data-open]]"),
    ("case-dispatch", "centre", "/review?show=accepted [[data-open]]"),
    ("cases", "centre", "/cases"),
    ("cases-search", "centre", "/cases?q=停水&state=dispatched"),
    ("case", "leader", "/cases?state=closed [tr:has-text('花果园街道某小区一号楼') [data-open]]"),
    ("hotspots", "supervisor", "/hotspots"),
    ("hotspot", "supervisor", "/hotspots [tbody a]"),
    ("approvals", "centre", "/approvals"),
    ("approval", "centre", "/approvals?words=食品经营 [tbody a]"),
    ("notices", "centre", "/notices"),
    ("exchange-files", "centre", "/exchange/files"),
    ("exchange-file", "centre", "/exchange/files?bad=true [tr:has-text('部分收下') a]"),
    ("not-found", "centre", "/cases/12345-20200101-00001"),
)
#: Choose a language as the page /me does.
LANGUAGE = """language => fetch("/language", {
    method: "POST",
    body: new URLSearchParams({csrf: document.body.dataset.csrf, language, next: "/me"}),
})"""
LINK = re.compile(r"^(?P<address>\S+)(?: \[(?P<link>.+)\])?$")


class Album:
    """A browser, people signed in, and the folder the pictures go to."""

    def __init__(self, browser: Browser, base: str, folder: Path, language: str) -> None:
        self.browser = browser
        self.base = base
        self.folder = folder
        self.language = language
        self.problems: list[str] = []
        self._pages: dict[tuple[str, str, bool], Page] = {}

    async def page(self, login: str, size: str, *, dark: bool = False) -> Page:
        """The window of that size of somebody signed in (nobody, when `login` is empty)."""
        key = (login, size, dark)
        if key not in self._pages:
            width, height = SIZES[size]
            context = await self.browser.new_context(
                base_url=self.base,
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
            )
            context.set_default_timeout(15_000)
            self._pages[key] = page = await context.new_page()
            page.on("pageerror", lambda error: self.problems.append(f"{login} {size}: {error}"))
            await page.goto("/sign-in")
            if self.language == "en":
                await page.click("button[name=language]")
            if login:
                await page.fill("#login", login)
                await page.fill("#password", DEVELOPMENT_PASSWORD)
                await page.press("#password", "Enter")
                await page.wait_for_url(lambda url: "/sign-in" not in url)
        return self._pages[key]

    async def keep(self, page: Page, name: str, size: str) -> None:
        """Write the picture as it stands."""
        await page.evaluate("document.fonts.ready")
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            self.problems.append(f"{name}-{size}: {wide} px wider than the screen")
        picture = Image.open(io.BytesIO(await page.screenshot(animations="disabled")))
        small = picture.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        small.save(self.folder / f"{name}-{size}.png", optimize=True)

    async def take(self, name: str, login: str, where: str) -> None:
        """Open a page in both sizes and keep it."""
        found = LINK.match(where)
        assert found, where
        for size in SIZES:
            page = await self.page(login, size)
            await page.goto(found["address"])
            if found["link"]:
                link = page.locator(found["link"]).first
                await page.goto(await link.get_attribute("href") or "")
            await self.keep(page, name, size)


@asynccontextmanager
async def on_the_line(services: Services, plan: Plan, folder: Path) -> AsyncIterator[Seat]:
    """A call of the plan's citizen that the plan's seat has answered, for as long as needed."""
    caller = Caller(**plan["citizen"])
    settings = services.settings
    async with (
        desk(settings, plan["login"], DEVELOPMENT_PASSWORD) as agent,
        seat(settings, plan["seat"], agent, folder / "seat", answer_after_ms=1500) as here,
        citizen_phone(settings, caller, folder / "citizen") as citizen,
    ):
        await here.ready()
        await citizen.dial("12345")
        await here.phone.answered(seconds=90)
        yield here
        await citizen.hang_up()


async def take_the_call(album: Album, fill: Fill, services: Services) -> None:
    """The call screen: ringing in, taken down with the suggestion, complete, refused, accepted."""
    plan = fill.plan["call"]
    with tempfile.TemporaryDirectory(prefix="rexian-pictures-") as name:
        folder = Path(name)
        (folder / "seat").mkdir()
        (folder / "citizen").mkdir()
        async with on_the_line(services, plan, folder) as here:

            async def talking() -> str:
                call = (await here.desk.get("/desk/call.json"))["call"]
                on = call and call["answered_at"] and not call["ended_at"]
                return str(call["id"]) if on else ""

            contact = await seen(talking, "通话", seconds=20)
            await fill.earlier(contact)
            for view in (_lacking, _suggested, _complete):
                for size in SIZES:
                    await view(album, plan, size)
            if album.language == "zh":
                page = await album.page(plan["login"], "1440", dark=True)
                await page.goto("/desk")
                await page.wait_for_selector("#promise .num")
                await album.keep(page, "desk-dark", "1440")
                await _accept(album, plan)


async def _lacking(album: Album, plan: Plan, size: str) -> None:
    page = await album.page(plan["login"], size)
    await page.goto("/desk")
    await page.keyboard.press("Alt+3")
    await page.click("button[value=dispatch]")
    await page.wait_for_selector(".wrong")
    await album.keep(page, "desk-errors", size)


async def _suggested(album: Album, plan: Plan, size: str) -> None:
    page = await album.page(plan["login"], size)
    await page.goto("/desk")
    await page.keyboard.press("Alt+3")
    await page.fill("#text", plan["text"])
    await page.wait_for_selector("#suggestion [data-take]")
    await album.keep(page, "desk-suggestion", size)


async def _complete(album: Album, plan: Plan, size: str) -> None:
    page = await album.page(plan["login"], size)
    await page.goto("/desk")
    if not await page.input_value("#department-text"):
        await page.wait_for_selector("#suggestion [data-take]")
        await page.click("#suggestion [data-take]")
        await page.fill("#township-text", plan["place"])
        await page.press("#township-text", "Enter")
        await page.fill("#address", plan["address"])
        await page.fill("#citizen_name", plan["citizen"]["name"])
        await page.keyboard.press("Control+S")
    await page.wait_for_selector(r"[data-saved] >> text=/\d\d:\d\d/")
    await page.wait_for_selector("#promise .num")
    await page.evaluate("scrollTo(0, 0)")
    await album.keep(page, "desk", size)


async def _accept(album: Album, plan: Plan) -> None:
    """Accept once, then show what both sizes show of it."""
    page = await album.page(plan["login"], "1440")
    await page.click("button[value=dispatch]")
    await page.wait_for_selector(".accepted")
    address = await page.locator(".accepted a").get_attribute("href") or ""
    for size in SIZES:
        page = await album.page(plan["login"], size)
        await page.goto(f"/desk?accepted={address.rpartition('/')[2]}")
        await album.keep(page, "desk-accepted", size)
    for size in SIZES:
        page = await album.page(plan["login"], size)
        await page.evaluate(LANGUAGE, "en")
        await page.goto("/desk")
        await album.keep(page, "desk-english", size)
        await page.evaluate(LANGUAGE, "zh")


async def main(folder: Path, language: str, only: list[str]) -> int:
    """Fill the system, take every picture, say what is wrong with any."""
    services = build(load_settings())
    base = f"http://127.0.0.1:{services.settings.ports.desk}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fill = Fill(services, load_plan())
        await fill.run()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), **BROWSER_OPTIONS
            )
            album = Album(browser, base, folder, language)
            if not only or "desk" in only:
                await take_the_call(album, fill, services)
            for name, login, where in PAGES:
                if not only or name in only:
                    await album.take(name, login, where)
            await browser.close()
    finally:
        await services.close()
    for problem in album.problems:
        sys.stderr.write(f"{problem}\n")
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures in {folder}\n")
    return 1 if album.problems else 0


if __name__ == "__main__":
    shown = ROOT / "docs" / "screenshots"
    usual = shown if os.access(shown, os.W_OK) else load_settings().path("screenshots")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of pages; none means all")
    parser.add_argument("--folder", type=Path, default=usual)
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    words = parser.parse_args()
    raise SystemExit(asyncio.run(main(words.folder, words.language, words.only)))
