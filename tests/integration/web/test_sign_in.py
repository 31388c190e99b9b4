"""Sessions, the CSRF token, the limits of sign-in, and the answers when something is wrong."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from directory.loader import user_id
from directory.service import set_password
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.kernel.events import Subject, history
from tests.support.web import application, person, request_form, visitor

GOOD = {"login": "agent1012", "password": DEVELOPMENT_PASSWORD}


async def test_a_person_signs_in_works_and_signs_out(app, db):
    async with visitor(app) as client:
        answer = await client.post("/sign-in", data=GOOD)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/desk"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        desk = await client.get("/desk")
        assert desk.status_code == 200
        assert "坐席示例十二" in desk.text
        csrf = (await client.get("/session.json")).json()["csrf"]
        await client.post("/sign-out", data={"csrf": csrf})
        gone = await client.get("/desk")
        assert gone.status_code == 303
        assert gone.headers["location"] == "/sign-in?next=/desk"
    async with db.begin() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM web_sessions"))).scalar_one() == 0


@pytest.mark.parametrize("development", [True, False])
async def test_the_page_says_when_it_is_development(settings, clock, db, development):
    chosen = settings.model_copy(update={"development": development})
    async with visitor(application(chosen, clock, db)) as client:
        answers = [await client.get("/sign-in"), await client.post("/sign-in", data={"login": "x"})]
    assert ["开发模式" in answer.text for answer in answers] == [development] * 2


async def test_a_new_password_ends_every_session_of_the_user_and_of_nobody_else(app, db, clock):
    own = [await person(app, "agent1012", json=True) for _ in range(2)]
    other = await person(app, "agent1011", json=True)
    assert await set_password(db, "agent1012", "another-password", clock=clock)
    assert [(await one.get("/session.json")).status_code for one in own] == [401, 401]
    assert (await other.get("/session.json")).status_code == 200
    async with db.begin() as tx:
        log = await history(tx, Subject("user", user_id("agent1012")))
    assert (log[-1].type, log[-1].actor) == ("user.password_set", "system:console")


async def test_the_cookie_is_not_in_the_database(app, db):
    async with visitor(app) as client:
        await client.post("/sign-in", data=GOOD)
        cookie = client.cookies["rexian"]
    async with db.begin() as tx:
        row = (await tx.execute(text("SELECT id, user_id, csrf FROM web_sessions"))).one()
    assert cookie not in row


@pytest.mark.parametrize(
    ("login", "password"), [("agent1012", "wrong"), ("nobody", "wrong"), ("agent1012' --", "x")]
)
async def test_every_failure_says_the_same(app, login, password):
    async with visitor(app) as client:
        answer = await client.post("/sign-in", data={"login": login, "password": password})
    assert answer.status_code == 401
    assert "账号或密码不正确，请重新输入。" in answer.text
    assert "rexian=" not in answer.headers.get("set-cookie", "")
    assert f'value="{password}"' not in answer.text


async def test_an_address_that_fails_too_often_waits(app, clock):
    async with visitor(app, json=True) as client:
        for number in range(30):
            await client.post("/sign-in", json={"login": f"guess{number}", "password": "wrong"})
        refused = await client.post("/sign-in", json=GOOD)
        assert refused.status_code == 429
        assert "5 分钟后" in refused.json()["sentence"]
        clock.advance(timedelta(minutes=6))
        assert (await client.post("/sign-in", json=GOOD)).status_code == 200


async def test_a_session_ends_when_idle_and_after_a_shift(app, clock):
    client = await person(app, "agent1012", json=True)
    clock.advance(timedelta(hours=3, minutes=59))
    assert (await client.get("/session.json")).status_code == 200
    clock.advance(timedelta(hours=4, minutes=1))
    ended = await client.get("/session.json")
    assert ended.status_code == 401
    assert ended.json()["code"] == "sign_in_needed"


async def test_a_form_without_the_token_changes_nothing(app, db):
    client = await person(app, "agent1012")
    del client.headers["X-CSRF-Token"]
    for wrong in ({}, {"csrf": "0" * 32}):
        answer = await client.post("/desk/cases", data=request_form(**wrong))
        assert answer.status_code == 403
        assert "页面已过期" in answer.text
    async with db.begin() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM cases"))).scalar_one() == 0


async def test_sign_in_from_another_site_is_refused(app):
    async with visitor(app) as client:
        for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await client.post("/sign-in", data=GOOD, headers=header)).status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil", "/a\nb"])
async def test_sign_in_leads_to_pages_of_ours_only(app, target):
    async with visitor(app) as client:
        answer = await client.post("/sign-in", data=GOOD | {"next": target})
    assert answer.headers["location"] == "/desk"


async def test_a_disabled_user_is_out_at_once(app, db):
    client = await person(app, "agent1012", json=True)
    async with db.begin() as tx:
        await tx.execute(text("UPDATE users SET active = false WHERE login = 'agent1012'"))
    assert (await client.get("/session.json")).status_code == 401


async def test_every_answer_carries_the_security_headers(app):
    async with visitor(app) as client:
        for path in ("/sign-in", "/nothing-here", "/static/app.css"):
            answer = await client.get(path)
            assert answer.status_code == (404 if path == "/nothing-here" else 200)
            headers = answer.headers
            assert "script-src 'self';" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


async def test_unknown_addresses_answer_in_chinese_and_in_json(app):
    async with visitor(app) as client:
        page = await client.get("/nothing-here")
        assert page.status_code == 404
        assert "没有找到" in page.text
        program = await client.get("/nothing-here", headers={"Accept": "application/json"})
        assert program.json()["code"] == "not_found"


async def test_the_interface_is_described_without_anything_from_elsewhere(app):
    async with visitor(app) as client:
        described = (await client.get("/openapi/openapi.json")).json()
        assert {"/desk/cases", "/desk/call.json", "/cases/{case_id}/reply"} <= set(
            described["paths"]
        )
        assert (await client.get("/openapi/redoc")).status_code == 404


async def test_roles_are_held_to_their_pages(app):
    department = await person(app, "water")
    for path in ("/desk", "/review", "/hotspots", "/desk/call.json"):
        assert (await department.get(path)).status_code == 403
    agent = await person(app, "agent1012")
    for path in ("/inbox", "/review"):
        assert (await agent.get(path)).status_code == 403


async def test_the_second_language_is_english(app):
    client = await person(app, "agent1012")
    csrf = client.headers["X-CSRF-Token"]
    await client.post("/language", data={"language": "en", "next": "/me", "csrf": csrf})
    page = await client.get("/desk")
    assert '<html lang="en">' in page.text
    assert "Accept and dispatch" in page.text


async def test_a_lost_database_is_said_and_not_a_crash(settings, clock, db):
    from rexian.kernel.db import Database
    from tests.support.web import application

    down = Database("postgresql://rexian_app@127.0.0.1:1/none")
    app = application(settings, clock, down)
    async with visitor(app) as client:
        client.cookies.set("rexian", "whatever")
        page = await client.get("/desk")
        assert page.status_code == 503
        assert "系统正在恢复" in page.text
        assert "Traceback" not in page.text
    await down.close()
