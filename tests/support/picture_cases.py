"""Fills the running system for the pictures: requests, answers and files, through its own doors."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from cases import categories
from exchange.approval_files import SCHEMA
from exchange.folders import Folders
from rexian.app.robots.desk import DeskClient, desk, seen
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.app.wiring import Services

PLAN = Path(__file__).parent / "pictures.yaml"
TAKEN_DOWN = ("kind", "text", "township", "address", "citizen_name", "department", "confidential")
#: So many first characters tell two requests apart.
SAME = 20
Plan = dict[str, Any]


def load_plan() -> Plan:
    """What to fill in, see tests/support/pictures.yaml."""
    plan: Plan = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    return plan


class Fill:
    """One filling of the system of `services`; a second one only looks for what is there."""

    def __init__(self, services: Services, plan: Plan) -> None:
        self.services = services
        self.plan = plan
        self._people: dict[str, DeskClient] = {}
        self._codes: dict[str, str] = {}

    async def run(self) -> None:
        """Take everything down unless it is there already."""
        there = await self._there()
        for one in self.plan["cases"]:
            if one["text"][:SAME] not in there:
                await self.case(one)
        await self._files()

    async def earlier(self, contact: str) -> None:
        """The caller's other matter, taken down in the same call, unless it is there already."""
        one = self.plan["earlier"]
        if one["text"][:SAME] not in await self._there():
            await self.case(one, contact, self.plan["call"]["login"])

    async def _there(self) -> set[str]:
        async with desk(self.services.settings, "centre", DEVELOPMENT_PASSWORD) as centre:
            return {one["title"][:SAME] for one in (await centre.get("/cases"))["items"]}

    async def code(self, path: str) -> str:
        """The code of a category's path."""
        if not self._codes:
            async with self.services.db.begin() as tx:
                self._codes = {one.path: one.code for one in await categories.leaves(tx)}
        return self._codes[path]

    async def case(self, one: Mapping[str, Any], contact: str = "", login: str = "") -> None:
        """Take one case down at the desk and bring it as far as the plan says."""
        settings = self.services.settings
        form = {name: one[name] for name in TAKEN_DOWN if name in one} | {
            "category": await self.code(one["category"]),
            "contact": contact,
            "answer": one.get("answer", ""),
            "action": "answer" if "answer" in one else "dispatch",
            "form_token": secrets.token_urlsafe(24),
        }
        if "department" not in one and "answer" not in one:
            form["action"] = "accept"
        async with desk(settings, login or self.plan["login"], DEVELOPMENT_PASSWORD) as agent:
            case = (await agent.post("/desk/cases", form))["id"]
        if "sign" in one:
            async with desk(settings, one["sign"], DEVELOPMENT_PASSWORD) as department:
                await department.post(f"/cases/{case}/sign")
                if "reply" in one:
                    await department.post(f"/cases/{case}/reply", {"public": one["reply"]})
        async with desk(settings, "centre", DEVELOPMENT_PASSWORD) as centre:
            if "sent_back" in one:
                verdict = {"verdict": "sent_back", "comment": one["sent_back"]}
                await centre.post(f"/cases/{case}/review", verdict)
            if "close" in one:
                await centre.post(f"/cases/{case}/review", {"verdict": "approve_and_close"})

    async def _files(self) -> None:
        """Files of approval results: a good one, one partly wrong, one that is none.

        The carrier refuses one of their SMS and swallows the answer to another, so that there
        is something for the centre to decide.
        """
        plan = self.plan["approvals"]
        async with desk(self.services.settings, "centre", DEVELOPMENT_PASSWORD) as centre:
            known = {one["reference"] for one in (await centre.get("/approvals"))["items"]}
            if plan["good"][0]["reference"] in known:
                return
            await self._misbehave({"refuse_next": 1})
            self._drop("approvals-1121-01.json", _content(plan["system"], plan["good"][:1]))
            await seen(lambda: _open_notices(centre, 1), "被拒的短信", seconds=30)
            await self._misbehave({"cut_before_answer": 1})
            self._drop("approvals-1121-02.json", _content(plan["system"], plan["good"][1:]))
            self._drop("approvals-1121-03.json", _content(plan["system"], plan["bad"]))
            self._drop("approvals-1121-04.json", '{"records": [')
            await seen(lambda: _open_notices(centre, 2), "不确定的短信", seconds=60)

    async def _misbehave(self, how: dict[str, int]) -> None:
        base = f"http://127.0.0.1:{self.services.settings.ports.carrier_http}"
        async with httpx.AsyncClient(trust_env=False, base_url=base) as http:
            (await http.post("/behaviour", json=how)).raise_for_status()

    def _drop(self, name: str, content: str) -> None:
        inbox = Folders(self.services.settings.path("exchange")).inbox
        part = inbox / f"{name}.part"
        part.write_text(content, encoding="utf-8")
        if os.geteuid() == 0:
            owner = inbox.stat()
            os.chown(part, owner.st_uid, owner.st_gid)
        part.rename(inbox / name)


async def _open_notices(centre: DeskClient, least: int) -> bool:
    await asyncio.sleep(0)
    return len((await centre.get("/notices"))["items"]) >= least


def _content(system: str, records: list[dict[str, str]]) -> str:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [one | {"decided_at": at} for one in records]
    return json.dumps({"schema": SCHEMA, "system": system, "records": rows}, ensure_ascii=False)
