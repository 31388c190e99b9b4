"""What people and other systems send wrongly, on the running system: a decent answer each time."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import text

from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.app.services.postgres import SUPERUSER, PostgresCluster
from rexian.app.wiring import secret_store
from rexian.kernel.settings import ROOT
from tests.support.hotline import eventually
from tests.support.system import System

HTML, JSON = {"Accept": "text/html"}, {"Accept": "application/json"}


@asynccontextmanager
async def signed_in(system: System, login: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's browser, as far as HTTP goes."""
    async with httpx.AsyncClient(base_url=system.desk, timeout=20, trust_env=False) as http:
        words = {"login": login, "password": DEVELOPMENT_PASSWORD}
        answer = (await http.post("/sign-in", json=words, headers=JSON)).raise_for_status()
        http.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield http


def a_case(**more: Any) -> dict[str, Any]:
    return {
        "kind": "complaint",
        "category": "010101",
        "text": "自来水浑浊，请核查。",
        "township": "520102031",
        "department": "D-URBAN",
        "action": "dispatch",
        "form_token": os.urandom(12).hex(),
        **more,
    }


async def _count(system: System, query: str, **values: Any) -> int:
    db = system.database(pool_size=1)
    try:
        async with db.begin() as tx:
            return int(await tx.scalar(text(query), values) or 0)
    finally:
        await db.close()


async def test_a_department_guessing_a_number_learns_nothing(system: System):
    async with signed_in(system, "agent1012") as agent:
        made = (await agent.post("/desk/cases", json=a_case(), headers=JSON)).json()
    absent = made["number"][:-5] + "99999"
    async with signed_in(system, "water") as water:
        for path, fields in (("", None), ("/sign", {}), ("/reply", {"public": "已经处理完毕。"})):
            answers = []
            for number in (made["number"], absent):
                for headers in (JSON, HTML):
                    url = f"/cases/{number}{path}"
                    if fields is None:
                        answer = await water.get(url, headers=headers)
                    else:
                        answer = await water.post(url, json=fields, headers=headers)
                    answers.append((answer.status_code, answer.text.replace(number, "NUMBER")))
            assert answers[0][0] == 404
            assert answers[:2] == answers[2:], "the answer tells whether the case exists"
    async with signed_in(system, "urban") as urban:
        assert (await urban.get(f"/cases/{made['number']}", headers=JSON)).status_code == 200


async def test_a_form_sent_twice_is_one_case(system: System):
    form = a_case()
    async with signed_in(system, "agent1012") as agent:
        answers = await asyncio.gather(
            *(agent.post("/desk/cases", json=form, headers=JSON) for _ in range(4))
        )
        again = await agent.post("/desk/cases", json=form, headers=JSON)
    numbers = {answer.json()["number"] for answer in (*answers, again)}
    assert len(numbers) == 1
    query = "SELECT count(*) FROM cases WHERE form_token = :token"
    assert await _count(system, query, token=form["form_token"]) == 1


async def test_a_hundred_thousand_characters_get_a_sentence_and_are_kept(system: System):
    words = "水" * 100_000
    before = await _count(system, "SELECT count(*) FROM cases")
    async with signed_in(system, "agent1012") as agent:
        answer = await agent.post("/desk/cases", data=a_case(text=words), headers=HTML)
    assert answer.status_code == 422
    assert "100000" in answer.text
    assert words in answer.text, "what was typed is still in the form"
    assert await _count(system, "SELECT count(*) FROM cases") == before


def _drop(system: System, name: str, content: bytes) -> Path:
    """Put a file into the in-box as a careful writer does: elsewhere first, then renamed."""
    inbox = system.home / "exchange" / "inbox"
    draft = inbox / f".{name}"
    draft.write_bytes(content)
    owner = inbox.stat()
    if os.geteuid() == 0:
        os.chown(draft, owner.st_uid, owner.st_gid)
    return draft.rename(inbox / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.json", b'{"records": [{"reference": "A-1", '),
        ("empty.json", b""),
        ("list.json", json.dumps({"records": [{"reference": "A-2"}]}).encode()),
        ("bytes.csv", b"\xff\xfe\x00\x01\x02" * 50),
    ],
)
async def test_a_broken_approval_file_is_rejected_with_its_reason(
    system: System, name: str, content: bytes
):
    approvals = await _count(system, "SELECT count(*) FROM approvals")
    _drop(system, name, content)
    rejected = system.home / "exchange" / "rejected"

    async def reason() -> str:
        found = sorted(rejected.glob(f"*{name}*reason*"))
        return found[0].read_text(encoding="utf-8") if found else ""

    assert len(await eventually(reason, 20, f"{name} is rejected")) > 10
    async with signed_in(system, "centre") as centre:
        page = await centre.get("/exchange/files", headers=HTML)
    assert page.status_code == 200
    assert name in page.text
    assert await _count(system, "SELECT count(*) FROM approvals") == approvals


def _undisturbed(system: System) -> dict[str, int]:
    return {one["name"]: one["pid"] for one in system.status()["processes"]}


@pytest.mark.timeout(120)
async def test_a_second_start_names_the_first_and_leaves_it_alone(system: System):
    before = _undisturbed(system)
    second = await asyncio.to_thread(system.run, "up")
    assert second.returncode == 1
    assert "up already" in second.stderr
    assert "已在运行" in second.stderr
    make = await asyncio.create_subprocess_exec(
        "make", "run", "DEMO=0", cwd=ROOT, env=system.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await make.communicate()
    assert make.returncode != 0
    assert "up already" in said.decode()
    assert _undisturbed(system) == before


async def test_a_taken_port_is_named_with_who_has_it(system: System):
    other = System()
    other.environment.update({k: v for k, v in system.environment.items() if "PORTS" in k})
    try:
        refused = await asyncio.to_thread(other.run, "up")
    finally:
        other.close()
    assert refused.returncode == 1
    assert f"port {system.settings.ports.desk} (web desk (HTTP)) is taken by process" in (
        refused.stderr
    )
    assert str(system.pid("desk")) in refused.stderr


@pytest.mark.timeout(120)
async def test_a_database_that_is_not_ours_is_refused_and_left_as_it_is(system: System):
    settings = system.settings
    cluster = PostgresCluster(
        settings.home / "postgres", settings.ports.postgres, secret_store(settings)
    )
    cluster.create_database("foreign")
    address = cluster.url(SUPERUSER, "foreign")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE payroll (id integer)")
    other = System(REXIAN_DATABASE_URL=address)
    try:
        refused = await asyncio.to_thread(other.run, "up")
        assert refused.returncode == 1
        assert "别的系统的表" in refused.stdout + refused.stderr
        assert other.processes() == []
    finally:
        other.close()
    with psycopg.connect(address) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchall() == [("payroll",)]
    cluster.drop_database("foreign")
