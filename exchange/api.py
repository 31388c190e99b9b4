"""The exchange over HTTP: `GET /exchange/v1/cases` for departments' systems, with a token."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.enums import MediaType
from litestar.openapi.spec import SecurityRequirement
from litestar.params import FromPath, HeaderParameter, QueryParameter

from exchange import feed, tokens
from exchange.feed_format import SCHEMA_FILE, Page
from rexian.kernel.errors import BadInput, RexianError
from rexian.kernel.events import Cursor

MOST = 500
USUAL = 100

TOKEN_SECURITY: list[SecurityRequirement] = [{"bearer": []}]


def problem(_request: Request[Any, Any, Any], error: RexianError) -> Response[dict[str, Any]]:
    """Answer a program: the error's code, sentence and field as JSON."""
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, tokens.BadToken) else {}
    return Response(
        error.as_dict(), status_code=error.status, headers=headers, media_type=MediaType.JSON
    )


@get(
    "/cases",
    summary="De-identified cases, oldest change first",
    operation_id="exchangeCases",
    security=TOKEN_SECURITY,
)
async def cases(
    request: Request[Any, Any, Any],
    after: Annotated[
        str, QueryParameter(description="cursor of the last page's `next`; absent: from the start")
    ] = str(Cursor.START),
    limit: Annotated[str, QueryParameter(description=f"items a page, 1 to {MOST}")] = str(USUAL),
    authorization: Annotated[
        str, HeaderParameter(name="Authorization", description="Bearer <token>")
    ] = "",
    if_none_match: Annotated[str, HeaderParameter(name="If-None-Match")] = "",
) -> Response[Page]:
    """Give the cases changed after a cursor.

    A case comes again when it changes; the later item replaces the earlier one. Ask again with
    `next`; with the answer's ETag in If-None-Match an unchanged page is 304 without a body.
    """
    async with request.app.state.services.db.begin() as tx:
        await tokens.system_of(tx, authorization)
        part = await feed.read(tx, Cursor.parse(after), _limit(limit))
    body = Page(items=part.items, next=str(part.after), more=part.more)
    etag = f'"{hashlib.sha256(msgspec.json.encode(body)).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if etag in [one.strip().removeprefix("W/") for one in if_none_match.split(",")]:
        return Response(None, status_code=304, headers=headers)  # type: ignore[arg-type]  # a 304 has no body
    return Response(body, headers=headers, media_type=MediaType.JSON)


@get(
    "/schemas/{name:str}",
    summary="JSON Schemas of what is exchanged",
    operation_id="exchangeSchema",
)
async def schema(name: FromPath[str]) -> Response[dict[str, Any]]:
    """Give a schema by its file's name: `case-1.json`, `approvals-1.json`."""
    known = {file.name: file for file in SCHEMA_FILE.parent.glob("*.json")}
    if name not in known:
        raise BadInput("没有这个数据规范。", field="name")
    return Response(
        json.loads(known[name].read_text(encoding="utf-8")), media_type="application/schema+json"
    )


def _limit(words: str) -> int:
    if re.fullmatch(r"[1-9][0-9]{0,2}", words) and int(words) <= MOST:
        return int(words)
    raise BadInput(f"limit 应为 1 到 {MOST} 的整数。", field="limit")


router = Router(
    "/exchange/v1",
    route_handlers=[cases, schema],
    exception_handlers={RexianError: problem},
    tags=["exchange"],
)
