"""Around every request: language, session, the CSRF token of forms, security headers."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from rexian.kernel.errors import Forbidden, NotFound
from rexian.kernel.web.answers import AnyRequest
from rexian.kernel.web.guards import ACTOR_KEY, SESSION_KEY, session_of
from rexian.kernel.web.i18n import gettext as _
from rexian.kernel.web.i18n import use_language
from rexian.kernel.web.sessions import COOKIE, find_session

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


async def add_security_headers(message: Message, _scope: Scope) -> None:
    """Set the security headers on every answer, those for unknown addresses included."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)


def _is_static(scope: Scope) -> bool:
    return scope["path"].startswith("/static/")


class WhoAsks(ASGIMiddleware):
    """Finds the session and its user, and sets the language, before any handler runs."""

    scopes = (ScopeType.HTTP,)
    should_bypass_for_scope = staticmethod(_is_static)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Look the cookie up; an ended session is nobody."""
        connection = ASGIConnection[Any, Any, Any, Any](scope)
        services = connection.app.state.services
        use_language(connection.cookies.get("lang") or services.settings.locale)
        cookie = connection.cookies.get(COOKIE)
        if cookie:
            await self._recognise(scope, cookie, services)
        await next_app(scope, receive, send)

    async def _recognise(self, scope: Scope, cookie: str, services: Any) -> None:
        async with services.db.begin() as tx:
            session = await find_session(tx, cookie, services.clock.now())
            actor = await services.accounts.actor(tx, session.user_id) if session else None
        if session and actor:
            scope["state"][SESSION_KEY] = session
            scope["state"][ACTOR_KEY] = actor


def same_origin(request: AnyRequest) -> bool:
    """Whether the browser says this request comes from our own page (programs say nothing)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def before_each(request: AnyRequest) -> Response[Any] | None:
    """What every request must pass before its handler: an address that can be read, the token."""
    if "\0" in request.url.path or "%00" in request.url.query:
        raise NotFound
    return await check_csrf(request)


async def check_csrf(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """Before each handler: a signed-in browser's writing request must carry its session's token.

    Without a session there is nothing to misuse: guards decide, and sign-in checks the origin.
    """
    session = session_of(request)
    if request.method in SAFE_METHODS or session is None:
        return None
    token = request.headers.get(CSRF_HEADER, "")
    if not token and request.content_type[0] != "application/json":
        value = (await request.form()).get(CSRF_FIELD)
        token = value if isinstance(value, str) else ""
    if not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise Forbidden(_("页面已过期，请刷新后再试；已填写的内容仍然保留。"), rule="csrf")
    return None
