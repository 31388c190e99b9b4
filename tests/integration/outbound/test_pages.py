"""The approval's page with its proofs, and the page where a person decides on a notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import text, update

from approvals import pages as approvals_pages
from approvals.model import NewApproval, Result
from approvals.service import receive
from cases.service import CaseService
from outbound import pages as outbound_pages
from outbound import progress, queries
from outbound.model import State
from outbound.notices import EVENTS, Notices
from outbound.queries import of_approval
from outbound.quiet import QuietHours
from outbound.sources import Cases
from outbound.tables import parts
from rexian.app.web import Accounts, WebServices
from rexian.kernel import work
from rexian.kernel.actor import Actor
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.events import Subject, history
from rexian.kernel.readers import Reader
from rexian.kernel.settings import Settings
from rexian.kernel.web.application import create_application
from rexian.kernel.web.sessions import COOKIE, open_session

NEW = NewApproval(
    system="gy-approval",
    reference="SP-2026-000123",
    matter="食品经营许可",
    result=Result.SUPPLEMENT,
    decided_at=datetime(2026, 11, 18, 1, 0, tzinfo=UTC),
    department="市市场监督管理局",
    applicant="王示例",
    phone="13985550123",
    note="请补交场地平面图。",
)
Web = AsyncTestClient[Litestar]
SignIn = Callable[[str], Awaitable[str]]


@pytest.fixture
async def web(db: Database, clock: FixedClock, settings: Settings) -> AsyncIterator[Web]:
    services = WebServices(settings, clock, db, Accounts(db, clock), CaseService(db, clock))
    rooms = (approvals_pages.router(of_approval), outbound_pages.router)
    nav = (*approvals_pages.NAV, *outbound_pages.NAV)
    async with AsyncTestClient(create_application(services, rooms, nav, follow=False)) as made:
        yield made


@pytest.fixture
def sign_in(db: Database, clock: FixedClock, web: Web) -> SignIn:
    async def as_login(login: str) -> str:
        async with db.begin() as tx:
            found = await tx.execute(text("SELECT id FROM users WHERE login = :l"), {"l": login})
            cookie, session = await open_session(tx, found.scalar_one(), clock.now())
        web.cookies.set(COOKIE, cookie)
        return session.csrf

    return as_login


async def told(db: Database, clock: FixedClock, state: State) -> tuple[str, str]:
    """An approval whose SMS stands in `state`; ids of approval and notice."""
    async with db.begin() as tx:
        got = await receive(tx, NEW, Actor.system("exchange"), at=clock.now())
    handler = Notices(Cases(), clock, QuietHours.never(), "贵阳12345")
    await Reader(db, "notices", handler, types=EVENTS, clock=clock).run_once()
    async with db.begin() as tx:
        (one,) = await of_approval(tx, got.approval.id)
        receipt = "DELIVRD" if state is State.DELIVERED else ""
        await tx.execute(
            update(parts)
            .where(parts.c.message_id == one.id)
            .values(state=state.value, receipt_state=receipt, carrier_message_id="1700")
        )
        await progress.fold(tx, one.id, at=clock.now())
    return got.approval.id, one.id


async def test_both_the_result_and_its_proofs(
    web: Web, sign_in: SignIn, db: Database, clock: FixedClock
) -> None:
    approval_id, _ = await told(db, clock, State.DELIVERED)
    await sign_in("centre")
    listed = await web.get("/approvals")
    assert f"/approvals/{approval_id}" in listed.text
    shown = await web.get(f"/approvals/{approval_id}")
    assert shown.status_code == 200
    for words in ("食品经营许可", "需补正材料", "请补交场地平面图", "短信", "已送达手机", "1700"):
        assert words in shown.text
    body = (await web.get(f"/approvals/{approval_id}.json")).json()
    assert body["notices"][0]["parts"][0]["receipt"] == "已送达手机"
    assert (await web.get("/approvals/nothing")).status_code == 404


async def test_search_and_hostile_words(
    web: Web, sign_in: SignIn, db: Database, clock: FixedClock
) -> None:
    async with db.begin() as tx:
        evil = replace(NEW, matter="<script>alert(1)</script>", reference="X-1")
        await receive(tx, evil, Actor.system("exchange"), at=clock.now())
    await sign_in("centre")
    found = await web.get("/approvals", params={"words": "script"})
    assert "&lt;script&gt;" in found.text
    assert "<script>alert" not in found.text
    nothing = await web.get("/approvals", params={"words": "没有这样的事项"})
    assert "没有找到" in nothing.text


async def test_departments_do_not_read_approvals(
    web: Web, sign_in: SignIn, db: Database, clock: FixedClock
) -> None:
    approval_id, _ = await told(db, clock, State.SENT)
    await sign_in("water")
    assert (await web.get(f"/approvals/{approval_id}")).status_code == 403
    assert (await web.get("/notices")).status_code == 403


async def test_a_person_decides(web: Web, sign_in: SignIn, db: Database, clock: FixedClock) -> None:
    approval_id, notice_id = await told(db, clock, State.UNCERTAIN)
    csrf = await sign_in("centre")
    listed = await web.get("/notices")
    assert "139****0123" in listed.text
    assert "不确定" in listed.text
    wrong = await web.post(f"/notices/{notice_id}/decide", data={"csrf": csrf, "decision": "x"})
    assert wrong.status_code == 422
    taken = await web.post(
        f"/notices/{notice_id}/decide",
        data={"csrf": csrf, "decision": "take_as_sent"},
        follow_redirects=False,
    )
    assert taken.status_code == 303
    async with db.begin() as tx:
        (one,) = await queries.of_approval(tx, approval_id)
    assert one.state is State.SENT
    assert "没有需要处理的通知" in (await web.get("/notices")).text


async def test_work_given_up_is_shown_and_tried_again(
    web: Web, sign_in: SignIn, db: Database, clock: FixedClock
) -> None:
    async def broken(_leased: work.Leased) -> None:
        raise ZeroDivisionError

    async with db.begin() as tx:
        await work.enqueue(tx, "exchange.inbox", "all", {}, run_at=clock.now())
    worker = work.Worker(db, {"exchange.inbox": broken}, owner="t", clock=clock, tries=1)
    await worker.idle()
    csrf = await sign_in("centre")
    listed = await web.get("/notices")
    for words in ("其他未完成的工作", "导入审批结果", "ZeroDivisionError"):
        assert words in listed.text
    (one,) = (await web.get("/notices/list.json")).json()["work"]
    path = f"/notices/work/{one['id']}/again"
    answer = await web.post(path, data={"csrf": csrf}, follow_redirects=False)
    assert answer.status_code == 303
    assert "其他未完成的工作" not in (await web.get("/notices")).text
    async with db.begin() as tx:
        (event,) = await history(tx, Subject("work", str(one["id"])))
        found = await tx.execute(text("SELECT state, errors FROM work"))
        assert tuple(found.one()) == ("ready", 0)
    assert event.payload == {"kind": "exchange.inbox"}
    await sign_in("water")
    assert (await web.post(path, data={"csrf": csrf})).status_code == 403
