"""From the department's inbox to the centre's review: each desk's part of one case."""

import hashlib
import uuid
import wave
from datetime import timedelta

import httpx
from litestar import Litestar
from sqlalchemy import text

from contacts import recordings
from tests.support.web import CALLER, WORDS, end_call, live_call, person, request_form

CALL = str(uuid.uuid5(uuid.NAMESPACE_URL, "asterisk:test:1"))


async def dispatched(app: Litestar, **more: str) -> dict[str, str]:
    agent = await person(app, "agent1012", json=True)
    answer = await agent.post("/desk/cases", json=request_form(**more))
    assert answer.status_code == 201, answer.text
    case: dict[str, str] = answer.json()
    return case


async def replied(app: Litestar, case: dict[str, str]) -> httpx.AsyncClient:
    water = await person(app, "water")
    await water.post(f"/cases/{case['id']}/sign")
    answer = await water.post(
        f"/cases/{case['id']}/reply", data={"public": "已清洗水箱。", "internal": "已约谈物业。"}
    )
    assert answer.status_code == 303, answer.text
    return water


async def test_the_whole_way_through_the_desks(app):
    case = await dispatched(app)
    water = await person(app, "water")
    inbox = await water.get("/inbox")
    assert case["number"] in inbox.text
    assert "待签收" in inbox.text
    await replied(app, case)
    centre = await person(app, "centre")
    assert case["number"] in (await centre.get("/review")).text
    page = await centre.get(f"/cases/{case['id']}")
    assert "已清洗水箱。" in page.text
    assert "通过并办结" in page.text
    done = await centre.post(f"/cases/{case['id']}/review", data={"verdict": "approve_and_close"})
    assert done.status_code == 303
    closed = await centre.get(f"/cases/{case['number']}")
    for word in ("已办结", "按时", "受理", "派单", "签收", "审核通过"):
        assert word in closed.text
    assert "通过并办结" not in closed.text


async def test_sent_back_with_a_comment_the_department_has_it_again(app):
    case = await dispatched(app)
    await replied(app, case)
    centre = await person(app, "centre")
    bare = await centre.post(f"/cases/{case['id']}/review", data={"verdict": "sent_back"})
    assert bare.status_code == 422
    assert "请填写退回原因" in bare.text
    await centre.post(
        f"/cases/{case['id']}/review", data={"verdict": "sent_back", "comment": "请附检测报告"}
    )
    water = await person(app, "water")
    page = await water.get(f"/cases/{case['id']}")
    assert "审核退回" in page.text
    assert "请附检测报告" in page.text
    assert "提交答复" in page.text


async def test_approve_and_close_is_all_or_nothing(app, db):
    case = await dispatched(app)
    centre = await person(app, "centre", json=True)
    refused = await centre.post(
        f"/cases/{case['id']}/review", json={"verdict": "approve_and_close"}
    )
    assert refused.status_code == 409
    async with db.begin() as tx:
        events = await tx.execute(
            text("SELECT type FROM events WHERE type LIKE 'case.%' ORDER BY id")
        )
    assert [row.type for row in events] == ["case.accepted", "case.dispatched"]


async def test_another_departments_case_is_the_same_page_as_none(app):
    case = await dispatched(app)
    urban = await person(app, "urban")
    guessed = await urban.get(f"/cases/{case['number']}")
    nothing = await urban.get("/cases/12345-20261118-99999")
    assert guessed.status_code == nothing.status_code == 404
    assert guessed.text == nothing.text
    for verb in ("sign", "reply"):
        answer = await urban.post(f"/cases/{case['id']}/{verb}", data={"public": "我来办"})
        assert answer.status_code == 404
    assert case["number"] not in (await urban.get("/inbox")).text
    assert case["number"] not in (await urban.get("/cases")).text
    assert case["number"] not in (await urban.get(f"/search?q={case['number']}")).text


async def test_a_department_never_sees_a_confidential_caller(app, db, clock):
    await live_call(db, CALL, clock.now())
    case = await dispatched(app, contact=CALL, citizen_name="王示例", confidential="1")
    water = await person(app, "water")
    page = (await water.get(f"/cases/{case['id']}")).text
    assert WORDS in page
    assert "诉求人要求保密" in page
    for secret in ("王示例", "8555 0123", CALLER):
        assert secret not in page
    own = (await (await person(app, "agent1012")).get(f"/cases/{case['id']}")).text
    assert "王示例" in own
    assert "8555 0123" in own
    colleague = (await (await person(app, "agent1011")).get(f"/cases/{case['id']}")).text
    assert "王示例" not in colleague


async def test_a_recording_plays_after_a_reason_for_who_may_hear_it(app, db, settings, clock):
    await live_call(db, CALL, clock.now())
    case = await dispatched(app, contact=CALL)
    await end_call(db, CALL, clock.now() + timedelta(minutes=2))
    file = settings.path("recordings") / f"{CALL}.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 8000, 8000, "NONE", ""))
        sound.writeframes(bytes(16_000))
    async with db.begin() as tx:
        recording = await recordings.add(
            tx,
            CALL,
            file=file.name,
            started_at=clock.now(),
            milliseconds=1000,
            size=file.stat().st_size,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            at=clock.now(),
        )
    agent = await person(app, "agent1012", json=True)
    assert (await agent.get(f"/recordings/{recording}")).status_code == 403
    centre = await person(app, "centre", json=True)
    assert (await centre.get(f"/recordings/{recording}")).status_code == 403
    where = f"/cases/{case['id']}/recording"
    unreasoned = await centre.post(where, json={"reason": "听"})
    assert unreasoned.json()["field"] == "reason"
    opened = await centre.post(where, json={"reason": "核对事发地点"})
    heard = await centre.get(opened.json()["url"])
    assert heard.status_code == 200
    assert heard.headers["content-type"].startswith("audio/wav")
    assert heard.content == file.read_bytes()
    async with db.begin() as tx:
        kept = (await tx.execute(text("SELECT reason FROM recording_accesses"))).scalar_one()
    assert kept == "核对事发地点"


async def test_a_reply_that_is_too_long_comes_back_with_its_text(app):
    case = await dispatched(app)
    water = await person(app, "water")
    await water.post(f"/cases/{case['id']}/sign")
    long = "复" * 30_000
    answer = await water.post(f"/cases/{case['id']}/reply", data={"public": long})
    assert answer.status_code == 422
    assert "最多 20000 个字" in answer.text
    assert long in answer.text


async def test_numbers_and_words_find_cases(app, clock):
    case = await dispatched(app)
    agent = await person(app, "agent1012")
    found = await agent.get(f"/search?q={case['number']}")
    assert found.headers["location"] == f"/cases/{case['number']}"
    assert case["number"] in (await agent.get("/cases?q=二次供水")).text
    assert case["number"] not in (await agent.get("/cases?q=路灯")).text
    assert case["number"] not in (await agent.get("/cases?due=overdue")).text
    clock.advance(timedelta(hours=2))
    clock.advance(timedelta(hours=23))
    agent = await person(app, "agent1012")
    assert case["number"] in (await agent.get("/cases?due=overdue")).text


async def test_the_pages_of_knowledge(app):
    agent = await person(app, "agent1012")
    found = await agent.get("/knowledge?q=水浑浊")
    assert "<mark>" in found.text
    items = (await agent.get("/knowledge", headers={"Accept": "application/json"})).json()["items"]
    article = await agent.get(f"/knowledge/{items[0]['id']}")
    assert items[0]["title"] in article.text
    assert (await agent.get("/knowledge/none")).status_code == 404
