from types import SimpleNamespace

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import AsyncTestClient

from cases.service import CaseService, NewCase
from exchange import tokens
from exchange.api import router
from exchange.feed import reader
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import BadInput

AGENT = Actor("user", "agent1001", Role.AGENT, "坐席示例一", seat="1001")


@pytest.fixture
async def client(db):
    app = Litestar([router], state=State({"services": SimpleNamespace(db=db)}))
    async with AsyncTestClient(app) as made:
        yield made


@pytest.fixture
async def token(db, clock):
    async with db.begin() as tx:
        return await tokens.issue(tx, "市水务局平台", at=clock.now())


@pytest.fixture
async def three_cases(db, clock):
    service = CaseService(db, clock)
    for n in range(3):
        async with db.begin() as tx:
            new = NewCase(
                "complaint", "010101", f"第{n}件：水质发黄", f"t{n}", township="520102031"
            )
            await service.accept(tx, new, AGENT)
    await reader(db, clock).run_once()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def test_cases_are_given_page_by_page_to_who_has_a_token(client, token, three_cases):
    first = await client.get("/exchange/v1/cases?limit=2", headers=bearer(token))
    assert first.status_code == 200
    assert first.json()["schema"] == "urn:rexian:exchange:case:1"
    assert len(first.json()["items"]) == 2
    assert first.json()["more"]
    after = first.json()["next"]
    rest = await client.get(f"/exchange/v1/cases?after={after}&limit=2", headers=bearer(token))
    assert len(rest.json()["items"]) == 1
    assert not rest.json()["more"]


async def test_an_unchanged_page_is_304(client, token, three_cases):
    first = await client.get("/exchange/v1/cases", headers=bearer(token))
    same = {**bearer(token), "If-None-Match": first.headers["etag"]}
    again = await client.get("/exchange/v1/cases", headers=same)
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer short"},
        bearer("x" * 40),
        {"Authorization": "Basic " + "x" * 40},
    ],
)
async def test_without_a_valid_token_nothing_is_given(client, three_cases, headers):
    answer = await client.get("/exchange/v1/cases", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "bad_token"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "query", ["after=x", "after=1.2", "after=1.2.-3", "limit=0", "limit=501", "limit=x"]
)
async def test_a_bad_cursor_or_limit_is_named(client, token, query):
    answer = await client.get(f"/exchange/v1/cases?{query}", headers=bearer(token))
    assert answer.status_code == 422
    assert answer.json()["field"] == query.partition("=")[0]


async def test_a_revoked_token_stops_at_once(client, db, clock, token):
    async with db.begin() as tx:
        assert await tokens.revoke(tx, "市水务局平台", at=clock.now())
    assert (await client.get("/exchange/v1/cases", headers=bearer(token))).status_code == 401


async def test_the_development_token_is_set_again_without_harm(client, db, clock):
    fixed = "d" * 32
    for _ in range(2):
        async with db.begin() as tx:
            await tokens.ensure(tx, "development", fixed, at=clock.now())
    assert (await client.get("/exchange/v1/cases", headers=bearer(fixed))).status_code == 200
    with pytest.raises(BadInput):
        async with db.begin() as tx:
            await tokens.ensure(tx, "development", "short", at=clock.now())


async def test_the_schemas_are_public_and_in_the_openapi_document(client):
    schema = await client.get("/exchange/v1/schemas/case-1.json")
    assert schema.json()["$id"] == "urn:rexian:exchange:case:1"
    assert (await client.get("/exchange/v1/schemas/..%2Fapi.py")).status_code in {404, 422}
    described = await client.get("/schema/openapi.json")
    assert "/exchange/v1/cases" in described.json()["paths"]
