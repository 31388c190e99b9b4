"""The centre's pages of the exchange: which files came, what was taken, what was refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromPath, FromQuery

from exchange import queries
from rexian.kernel.access import Permission
from rexian.kernel.web import actor_of, page, requires

AnyRequest = Request[Any, Any, Any]


@get("/files")
async def file_list(
    request: AnyRequest, *, number: FromQuery[int] = 1, bad: FromQuery[bool] = False
) -> Response[str]:
    """Show the files that came, newest first."""
    here = max(1, min(number, 10_000))
    async with request.app.state.services.db.begin() as tx:
        found, total = await queries.recent(tx, actor_of(request), page=here, problems_only=bad)
    pages = -(-total // queries.PAGE)
    return page(
        request, "exchange/files.html", files=found, total=total, here=here, pages=pages, bad=bad
    )


@get("/files/{file_id:uuid}")
async def file_page(request: AnyRequest, file_id: FromPath[UUID]) -> Response[str]:
    """Show one file, with each record that was refused."""
    async with request.app.state.services.db.begin() as tx:
        one, refusals = await queries.file(tx, str(file_id), actor_of(request))
    return page(request, "exchange/file.html", file=one, refusals=refusals)


router = Router(
    "/exchange",
    route_handlers=[file_list, file_page],
    guards=[requires(Permission.READ_EXCHANGE_FILES)],
    include_in_schema=False,
)
