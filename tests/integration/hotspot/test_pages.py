import pytest
from litestar.testing import AsyncTestClient
from sqlalchemy import text

from cases.service import CaseService, NewCase
from exchange import pages as exchange_pages
from exchange.folders import Folders
from exchange.inbox import KEY as INBOX_KEY
from exchange.inbox import KIND as INBOX_KIND
from exchange.inbox import Inbox
from hotspot import pages as hotspot_pages
from hotspot.service import KIND, Recompute, reader
from rexian.app.web import Accounts, WebServices
from rexian.kernel import work
from rexian.kernel.actor import Actor, Role
from rexian.kernel.web.application import create_application
from rexian.kernel.web.sessions import COOKIE, open_session

AGENT = Actor("user", "agent1001", Role.AGENT, "坐席示例一", seat="1001")


@pytest.fixture
async def client(db, clock, settings):
    services = WebServices(settings, clock, db, Accounts(db, clock), CaseService(db, clock))
    rooms = (hotspot_pages.router, exchange_pages.router)
    application = create_application(services, rooms, (), follow=False)
    async with AsyncTestClient(application) as made:
        yield made


@pytest.fixture
def sign_in(db, clock, client):
    async def as_login(login):
        async with db.begin() as tx:
            found = await tx.execute(text("SELECT id FROM users WHERE login = :l"), {"l": login})
            cookie, _session = await open_session(tx, found.scalar_one(), clock.now())
        client.cookies.set(COOKIE, cookie)

    return as_login


async def accepted(db, clock):
    service = CaseService(db, clock)
    async with db.begin() as tx:
        new = NewCase("complaint", "010101", "自来水发黄", "t1", township="520102031")
        case = await service.accept(tx, new, AGENT)
    await reader(db, clock).run_once()
    worker = work.Worker(db, {KIND: Recompute(db, clock).handle}, owner="t", clock=clock)
    await worker.idle()
    return case


async def test_the_list_shows_topic_place_and_links_to_the_case(client, sign_in, db, clock):
    case = await accepted(db, clock)
    await sign_in("leader")
    page = await client.get("/hotspots")
    assert page.status_code == 200
    for words in ("水质", "南明区 花果园街道", case.number, f"/cases/{case.id}", "关注"):
        assert words in page.text
    spot = await client.get("/hotspots/010101/520102031")
    assert spot.status_code == 200
    assert case.number in spot.text
    assert "heat-1" in spot.text


async def test_the_list_for_programs_holds_the_same_figures(client, sign_in, db, clock):
    case = await accepted(db, clock)
    await sign_in("supervisor")
    answer = (await client.get("/hotspots/list.json")).json()
    (item,) = answer["items"]
    assert (item["observed"], item["citizens"], item["cases"]) == (1, 1, [case.id])
    assert item["numbers"] == [case.number]
    assert (await client.get("/hotspots?state=hot")).text.count("/cases/") == 0


async def test_who_may_not_is_told_so(client, sign_in):
    assert (await client.get("/hotspots", follow_redirects=False)).status_code == 303
    await sign_in("water")
    assert (await client.get("/hotspots")).status_code == 403
    assert (await client.get("/exchange/files")).status_code == 403


@pytest.mark.parametrize(
    "path", ["/hotspots/x/y", "/hotspots?state=odd", "/hotspots?number=x", "/hotspots/%00/-"]
)
async def test_odd_addresses_get_a_decent_answer(client, sign_in, path):
    await sign_in("leader")
    answer = await client.get(path)
    assert answer.status_code in {400, 404, 422}
    assert "<h1>" in answer.text


async def test_the_centre_sees_a_refused_file_and_why(client, sign_in, db, clock, tmp_path):
    folders = Folders(tmp_path, seconds=lambda: 4e9)
    folders.create()
    (folders.inbox / "坏<b>.json").write_text('[{"system": "一窗通"}]', encoding="utf-8")
    async with db.begin() as tx:
        await work.wake(tx, INBOX_KIND, INBOX_KEY, at=clock.now())
    inbox = Inbox(db, folders, clock)
    await work.Worker(db, {INBOX_KIND: inbox.handle}, owner="t", clock=clock).idle()
    await sign_in("centre")
    page = await client.get("/exchange/files")
    assert "没有收下" in page.text
    assert "坏&lt;b&gt;.json" in page.text
    async with db.begin() as tx:
        file_id = (await tx.execute(text("SELECT id FROM exchange_files"))).scalar_one()
    detail = await client.get(f"/exchange/files/{file_id}")
    assert "reference" in detail.text
    assert "必填" in detail.text
    assert (await client.get("/exchange/files?bad=true")).text.count("坏&lt;b&gt;") == 1
