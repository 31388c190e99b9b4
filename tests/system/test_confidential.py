"""A caller who asks for confidentiality: number and name stand nowhere but in the database."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from rexian.app.robots.desk import DeskClient, desk
from rexian.app.seed import DEVELOPMENT_PASSWORD
from tests.support import hotline
from tests.support.system import System

NUMBER, NAME, HOUSE = "13987650987", "王示例密", "示例路八十八号三单元"
#: The one place for it (its access is what roles and masking guard), and what is shared or a
#: phone's own: the mail sink is the recipient's mailbox, `robots` the callers' telephones.
ELSEWHERE = ("postgres", "mail", "robots", "fonts", "asterisk/root")
#: Asterisk's call records: the only witnesses of calls that came while the follower was away, so
#: they hold the number that called. The service user alone may enter their folder.
RECORDS = ("asterisk/log/queue_log", "asterisk/log/cdr-csv/Master.csv")


async def _take_down(here: hotline.Seat, call: str) -> dict[str, Any]:
    form = {
        "contact": call,
        "line": "12345",
        "kind": "report",
        "category": "010101",
        "text": f"举报人{NAME}（电话{NUMBER}）反映自来水浑浊。",
        "township": "520102031",
        "address": HOUSE,
        "citizen_name": NAME,
        "confidential": "1",
        "department": "D-WATER",
        "action": "dispatch",
        "form_token": call,
    }
    made: dict[str, Any] = await here.desk.post("/desk/cases", form)
    return made


async def _handled(system: System, number: str) -> str:
    """Sign, reply, approve and close; returns what the department's page showed."""
    async with desk(system.settings, "water", DEVELOPMENT_PASSWORD) as water:
        await water.post(f"/cases/{number}/sign")
        shown = await water.page(f"/cases/{number}") + await water.page("/inbox")
        reply = {"public": "已现场核查并冲洗管道，水质恢复正常。", "internal": "已记录。"}
        await water.post(f"/cases/{number}/reply", reply)
    async with desk(system.settings, "centre", DEVELOPMENT_PASSWORD) as centre:
        await centre.post(f"/cases/{number}/review", {"verdict": "approve_and_close"})
    return shown


async def _feed(system: System) -> str:
    token = (await asyncio.to_thread(system.run, "exchange", "token", "confidential")).stdout
    words = next(word for word in token.split() if word.startswith("rx_"))
    headers = {"Authorization": f"Bearer {words}"}
    pages, cursor = [], ""
    async with httpx.AsyncClient(base_url=system.desk, headers=headers, trust_env=False) as http:
        while True:
            params = {"limit": "100", **({"after": cursor} if cursor else {})}
            page = (await http.get("/exchange/v1/cases", params=params)).raise_for_status().json()
            pages += page["items"]
            if not page["items"] or page["next"] == cursor:
                return json.dumps(pages, ensure_ascii=False)
            cursor = page["next"]


async def _payloads(system: System) -> str:
    db = system.database(pool_size=1)
    try:
        async with db.begin() as tx:
            found = await tx.execute(text("SELECT actor || payload::text FROM events"))
            return "\n".join(found.scalars())
    finally:
        await db.close()


def _told(words: str, *more: str) -> list[str]:
    return [one for one in (NUMBER, NUMBER[-8:], NAME, *more) if one in words]


def _files(home: Path) -> list[str]:
    """Files under home whose name or content tells who called."""
    found = []
    for file in home.rglob("*"):
        place = str(file.relative_to(home))
        if place.startswith(ELSEWHERE) or file.is_symlink():
            continue
        if _told(place, HOUSE):
            found.append(f"name of {place}")
        if place in RECORDS:
            assert NAME not in file.read_text(encoding="utf-8", errors="replace")
        elif file.is_file() and _told(file.read_bytes().decode("utf-8", "replace"), HOUSE):
            found.append(place)
    return found


async def _closed_in_feed(system: System, number: str) -> str:
    feed = await _feed(system)
    item = next((one for one in json.loads(feed) if one["number"] == number), None)
    return feed if item and item["state"] == "closed" else ""


async def _notices(system: System, case: str) -> bool:
    """Both notices have arrived."""
    db = system.database(pool_size=1)
    try:
        async with db.begin() as tx:
            query = "SELECT count(*) FROM messages WHERE subject_id = :case AND state = 'delivered'"
            return int(await tx.scalar(text(query), {"case": case}) or 0) == 2
    finally:
        await db.close()


@pytest.mark.timeout(180)
async def test_a_confidential_caller_is_named_nowhere(system: System, tmp_path):
    async with hotline.seat(system, tmp_path) as seat:
        call = await hotline.reach(system, seat, tmp_path, NUMBER)
        case = await _take_down(seat, call)
    number = case["number"]
    department = await _handled(system, number)
    assert number in department
    assert not _told(department), "the department's pages"
    await hotline.eventually(lambda: _notices(system, case["id"]), 60, "both notices have arrived")
    feed = await hotline.eventually(
        lambda: _closed_in_feed(system, number), 30, "the closed case is in the feed"
    )
    assert not _told(feed, HOUSE), "the exchange's feed"
    assert not _told(await _payloads(system), HOUSE), "the payloads of events"
    assert _files(system.home) == []
    assert stat.S_IMODE((system.home / "asterisk" / "log").stat().st_mode) == 0o700
    assert stat.S_IMODE(system.home.stat().st_mode) == 0o700
    await _seen_by_the_right_people(system, number)


async def _seen_by_the_right_people(system: System, number: str) -> None:
    """Others at desks see stars; the agent who took the call sees who it was."""

    async def page(login: str) -> str:
        async with desk(system.settings, login, DEVELOPMENT_PASSWORD) as person:
            return await _page(person, number)

    assert NAME in await page("agent1012")
    assert not _told(await page("agent1003"))


async def _page(person: DeskClient, number: str) -> str:
    return await person.page(f"/cases/{number}")
