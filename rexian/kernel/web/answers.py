"""Answers: a page for people, a part of a page for HTMX, JSON for programs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from rexian.kernel.web.guards import maybe_actor, session_of
from rexian.kernel.web.nav import visible
from rexian.kernel.web.render import Renderer

AnyRequest = Request[Any, Any, Any]


def wants_json(request: AnyRequest) -> bool:
    """Whether the client asks for JSON (its Accept header, or an address that ends in .json)."""
    accept = request.headers.get("accept", "")
    return request.url.path.endswith(".json") or (
        "application/json" in accept and "text/html" not in accept
    )


def is_htmx(request: AnyRequest) -> bool:
    """Whether HTMX asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def is_boosted(request: AnyRequest) -> bool:
    """Whether HTMX asks for a whole page in a link's stead."""
    return request.headers.get("hx-boosted") == "true"


def _base_context(request: AnyRequest) -> dict[str, Any]:
    actor = maybe_actor(request)
    session = session_of(request)
    return {
        "request": request,
        "path": request.url.path,
        "actor": actor,
        "csrf": session.csrf if session else "",
        "nav": visible(request.app.state.nav, actor),
        "now": request.app.state.services.clock.now(),
        "errors": {},
        "values": {},
    }


def page(
    request: AnyRequest, template: str, *, status: int = HTTP_200_OK, **context: Any
) -> Response[str]:
    """Render `template` (`room/name.html`) for a person.

    Besides `context` a template knows: request, path, actor, csrf, nav, now, errors (field →
    sentence), values (field → typed text), `may(permission)`, `static(file)` and `_()`.
    """
    renderer: Renderer = request.app.state.renderer
    text = renderer.render(template, _base_context(request) | context)
    return Response(
        text,
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Cache-Control": "no-store", "Vary": "HX-Request, Accept, Cookie"},
    )


def partial(
    request: AnyRequest, template: str, *, status: int = HTTP_200_OK, **context: Any
) -> Response[str]:
    """Render a part of a page; the same as `page`, named for what the template is."""
    return page(request, template, status=status, **context)


def done(
    request: AnyRequest,
    to: str,
    *,
    json: dict[str, Any] | None = None,
    status: int = HTTP_200_OK,
    notice: str = "",
) -> Response[Any]:
    """After a form was taken: JSON for a program, else the browser goes on to `to`.

    `notice` is one sentence shown on top of the next page.
    """
    if wants_json(request):
        return Response(json or {}, status_code=status, media_type=MediaType.JSON)
    response: Response[Any]
    if is_htmx(request):
        response = Response(None, status_code=HTTP_200_OK, headers={"HX-Redirect": to})
    else:
        response = Redirect(to, status_code=HTTP_303_SEE_OTHER)
    if notice:
        response.set_cookie("notice", quote(notice), max_age=20, samesite="strict", path="/")
    return response
