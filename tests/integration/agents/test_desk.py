"""The agent's desk over HTTP: the live call, taking a request down, drafts, suggestions."""

import json
import uuid

import pytest
from sqlalchemy import text

from tests.support.web import CALLER, WATER_QUALITY, WORDS, live_call, person, request_form

CALL = str(uuid.uuid5(uuid.NAMESPACE_URL, "asterisk:test:1"))


async def count(db, table: str) -> int:
    async with db.begin() as tx:
        return int((await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_the_live_call_is_there_for_people_and_programs(app, db, clock):
    await live_call(db, CALL, clock.now())
    agent = await person(app, "agent1012")
    seen = (await agent.get("/desk/call.json")).json()
    assert seen["seat"] == "1012"
    assert seen["state"] == "talking"
    assert seen["call"]["id"] == CALL
    assert seen["call"]["number"] == CALLER
    assert seen["call"]["area"]
    page = await agent.get("/desk")
    assert "0851-8555 0123" in page.text
    assert f'value="{CALL}"' in page.text
    assert "首次来电" in page.text


async def test_another_seats_call_is_not_shown(app, db, clock):
    await live_call(db, CALL, clock.now(), seat="1011")
    agent = await person(app, "agent1012")
    assert (await agent.get("/desk/call.json")).json()["call"] is None


async def test_who_asked_another_agent_for_confidentiality_is_masked(app, db, clock):
    await live_call(db, CALL, clock.now(), seat="1011")
    first = await person(app, "agent1011", json=True)
    form = request_form(contact=CALL, confidential="1", citizen_name="王示例")
    assert (await first.post("/desk/cases", json=form)).status_code == 201
    curious = await person(app, "agent1012")
    page = await curious.get(f"/desk?contact={CALL}")
    assert "（保密）" in page.text
    for private in ("王示例", "8555 0123", CALLER):
        assert private not in page.text
    again = str(uuid.uuid5(uuid.NAMESPACE_URL, "asterisk:test:2"))
    await live_call(db, again, clock.now())
    page = await curious.get("/desk")
    assert "0851-8555 0123" in page.text, "the seat that has the call sees its number"
    assert "王示例" not in page.text
    page = await (await person(app, "centre")).get(f"/desk?contact={CALL}")
    assert "王示例" in page.text


async def test_accept_and_dispatch_in_one_action(app, db, clock):
    await live_call(db, CALL, clock.now())
    agent = await person(app, "agent1012", json=True)
    answer = await agent.post("/desk/cases", json=request_form(contact=CALL, form_token="f-1"))
    assert answer.status_code == 201, answer.text
    case = answer.json()
    assert case["number"] == "12345-20261118-00001"
    assert case["state"] == "dispatched"
    assert case["lead"] == "D-WATER"
    assert case["due_at"] == "2026-11-19T02:00:00+00:00"
    browser = await person(app, "agent1012")
    page = await browser.get(f"/desk?accepted={case['id']}&place={CALL}")
    assert "已受理" in page.text
    assert case["number"] in page.text


async def test_answered_directly_the_case_is_closed(app):
    agent = await person(app, "agent1012", json=True)
    form = request_form(action="answer", answer="水厂检修，今晚八点恢复。", department="")
    case = (await agent.post("/desk/cases", json=form)).json()
    assert case["state"] == "closed"


async def test_a_form_sent_twice_is_one_case(app, db):
    agent = await person(app, "agent1012")
    form = request_form(form_token="the-same-token")
    first = await agent.post("/desk/cases", data=form)
    second = await agent.post("/desk/cases", data=form)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert await count(db, "cases") == 1


async def test_what_is_missing_is_said_at_the_fields_and_nothing_is_lost(app, db):
    agent = await person(app, "agent1012")
    form = request_form(category="", department="", kind="", address="3 栋 & <b>")
    answer = await agent.post("/desk/cases", data=form)
    assert answer.status_code == 422
    for sentence in ("请选择诉求类型", "请选择分类", "请选择主办单位"):
        assert sentence in answer.text
    assert WORDS in answer.text
    assert "3 栋 &amp; &lt;b&gt;" in answer.text
    assert await count(db, "cases") == 0


async def test_a_text_of_100_000_characters_is_refused_at_the_field_and_kept(app, db):
    agent = await person(app, "agent1012")
    long = "水" * 100_000
    answer = await agent.post("/desk/cases", data=request_form(text=long))
    assert answer.status_code == 422
    assert "诉求内容有 100000 个字，最多 20000 个字" in answer.text
    assert 'id="text-wrong"' in answer.text
    assert long in answer.text
    assert await count(db, "cases") == 0
    program = await person(app, "agent1012", json=True)
    refused = await program.post("/desk/cases", json=request_form(text=long))
    assert refused.json()["field"] == "text"


@pytest.mark.parametrize("field", ["kind", "category", "department", "township", "contact"])
async def test_a_code_that_does_not_exist_is_refused_at_its_field(app, db, field):
    agent = await person(app, "agent1012", json=True)
    refused = await agent.post("/desk/cases", json=request_form(**{field: "no'such; --"}))
    assert refused.status_code == 422, refused.text
    assert refused.json()["field"] == field
    assert await count(db, "cases") == 0


async def test_hostile_words_are_shown_and_never_run(app, db, clock):
    hostile = '<script>alert("x")</script> ${SHELL(id)} \' " \x00 {{ 7*7 }}'
    await live_call(db, CALL, clock.now())
    agent = await person(app, "agent1012")
    answer = await agent.post(
        "/desk/cases", data=request_form(text=hostile, contact=CALL, citizen_name=hostile)
    )
    page = await agent.get(answer.headers["location"])
    case = await agent.get("/cases/12345-20261118-00001")
    for shown in (page.text, case.text):
        assert "<script>alert" not in shown
    assert "&lt;script&gt;" in case.text
    assert "{{ 7*7 }}" in case.text


async def test_a_draft_is_kept_for_its_writer_until_the_form_is_taken(app, db, clock):
    await live_call(db, CALL, clock.now())
    agent = await person(app, "agent1012")
    saved = await agent.post(
        "/desk/drafts",
        json={"place": CALL, "fields": json.dumps({"text": WORDS, "category": WATER_QUALITY})},
    )
    assert saved.json()["saved_at"] == clock.now().isoformat()
    back = await agent.get(f"/desk?contact={CALL}")
    assert WORDS in back.text
    assert "已保存 10:00:00" in back.text
    other = await person(app, "agent1011")
    assert WORDS not in (await other.get(f"/desk?contact={CALL}")).text
    await agent.post("/desk/cases", data=request_form(contact=CALL))
    assert await count(db, "desk_drafts") == 0


async def test_a_draft_of_100_000_characters_is_kept_too(app):
    agent = await person(app, "agent1012")
    fields = json.dumps({"text": "水" * 100_000}, ensure_ascii=False)
    assert (await agent.post("/desk/drafts", json={"place": "new", "fields": fields})).is_success
    assert "水" * 100_000 in (await agent.get("/desk")).text


async def test_suggestions_say_why_and_fill_in_nothing(app):
    agent = await person(app, "agent1012", json=True)
    found = (await agent.post("/desk/suggest", json={"text": WORDS, "kind": "complaint"})).json()
    best = found["offers"][0]
    assert best["take"] == {"category": WATER_QUALITY, "department": "D-WATER"}
    assert "浑浊" in best["reason"]
    assert 0 < best["confidence"] < 1
    assert found["promise"] is None
    assert "浑浊" in found["articles"][0]["title"]
    chosen = {"text": WORDS, "kind": "complaint", "category": WATER_QUALITY}
    found = (await agent.post("/desk/suggest", json=chosen)).json()
    assert found["promise"] == {
        "tier": "utilities",
        "due_at": "2026-11-19T02:00:00+00:00",
        "provisional": False,
    }
    assert found["offers"][0]["take"] == {"department": "D-WATER"}


async def test_a_repeat_at_the_same_place_is_named(app, db):
    async with db.begin() as tx:
        place = await tx.execute(text("SELECT code FROM places WHERE level = 'township' LIMIT 1"))
        township = place.scalar_one()
    agent = await person(app, "agent1012", json=True)
    form = request_form(township=township)
    first = (await agent.post("/desk/cases", json=form)).json()
    found = (await agent.post("/desk/suggest", json=form)).json()
    assert [one["number"] for one in found["repeats"]] == [first["number"]]


async def test_asking_for_the_seat_writes_work_for_the_telephones(app, db):
    agent = await person(app, "agent1012", json=True)
    assert (await agent.post("/desk/seat/ready")).json() == {"seat": "1012", "asked": "ready"}
    async with db.begin() as tx:
        rows = (await tx.execute(text("SELECT kind, payload FROM work"))).all()
    assert [(row.kind, row.payload) for row in rows] == [
        ("calls.seat", {"seat": "1012", "action": "ready"})
    ]
    assert (await agent.post("/desk/seat/dance")).status_code == 404
    leader = await person(app, "leader", json=True)
    refused = await leader.post("/desk/seat/ready")
    assert refused.status_code == 409
    assert "没有分配座席" in refused.json()["sentence"]


@pytest.mark.parametrize(
    "path",
    ["/approvals?words=%00", "/approvals/x%00", "/recordings/%00", "/desk?contact=a%00",
     "/desk?accepted=%00", "/cases?q=%00", "/cases/%00", "/knowledge/%00", "/sign-in?next=%00"],
)  # fmt: skip
async def test_an_address_no_text_can_hold_has_a_decent_answer(app, path):
    centre = await person(app, "centre")
    assert (await centre.get(path)).status_code == 404


async def test_who_signs_out_of_the_desk_leaves_the_queues_too(app, db):
    agent = await person(app, "agent1012", json=True)
    await agent.post("/desk/seat/ready")
    assert (await agent.post("/sign-out")).status_code == 200
    async with db.begin() as tx:
        found = await tx.execute(text("SELECT payload ->> 'action' FROM work ORDER BY id"))
        assert found.scalars().all() == ["ready", "sign_out"]
