"""Sign-in, sign-out, language: the pages that need nobody signed in."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.response import Redirect

from rexian.kernel.access import Permission, may
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden, RexianError, TooMany
from rexian.kernel.logs import log
from rexian.kernel.web.answers import AnyRequest, page, wants_json
from rexian.kernel.web.forms import FormValues, form_values
from rexian.kernel.web.guards import actor_of, maybe_actor, session_of, signed_in
from rexian.kernel.web.i18n import LANGUAGES
from rexian.kernel.web.i18n import gettext as _
from rexian.kernel.web.middleware import same_origin
from rexian.kernel.web.sessions import (
    COOKIE,
    LONGEST,
    Session,
    close_session,
    must_wait,
    note_refusal,
    open_session,
)

SERVER_FAULT = 500
YEAR_S = 365 * 24 * 3600


def home_of(actor: Actor) -> str:
    """The page where a role's work begins."""
    if actor.role is Role.DEPARTMENT:
        return "/inbox"
    if actor.role is Role.CENTRE:
        return "/review"
    if may(actor, Permission.TAKE_CALLS):
        return "/desk"
    if may(actor, Permission.READ_HOTSPOTS):
        return "/hotspots"
    return "/me"


def safe_next(target: str) -> str:
    """`target` when it is a path of ours, else ""."""
    ours = target.startswith("/") and not target.startswith(("//", "/\\", "/sign-"))
    return target if ours and "\n" not in target else ""


@get("/", include_in_schema=False)
async def front(request: AnyRequest) -> Redirect:
    """To where the person's work begins."""
    actor = maybe_actor(request)
    return Redirect(home_of(actor) if actor else "/sign-in", status_code=303)


@get("/sign-in", include_in_schema=False)
async def sign_in_page(request: AnyRequest) -> Response[Any]:
    """The form; who is signed in already goes on."""
    actor = maybe_actor(request)
    target = safe_next(request.query_params.get("next", ""))
    if actor:
        return Redirect(target or home_of(actor), status_code=303)
    return page(request, "web/sign_in.html", next=target, development=_development(request))


def _development(request: AnyRequest) -> bool:
    return bool(request.app.state.services.settings.development)


@post("/sign-in")
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Check login and password; a session opens, or a sentence says what to do."""
    if not same_origin(request):
        raise Forbidden(_("请从本系统的登录页登录。"), rule="origin")
    values = await form_values(request)
    try:
        actor, cookie, session = await _checked(request, values)
    except RexianError as error:
        if wants_json(request) or error.status >= SERVER_FAULT:
            raise
        return page(
            request,
            "web/sign_in.html",
            status=error.status,
            next=safe_next(values.get("next", "")),
            development=_development(request),
            values={"login": values.get("login", "")[:100]},
            errors={error.field or "password": _(error.sentence)},
        )
    target = safe_next(values.get("next", "")) or home_of(actor)
    response: Response[Any]
    if wants_json(request):
        response = Response(_who(actor, session) | {"next": target}, status_code=200)
    else:
        response = Redirect(target, status_code=303)
    response.set_cookie(
        COOKIE,
        cookie,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
        max_age=int(LONGEST.total_seconds()),
    )
    return response


async def _checked(request: AnyRequest, values: FormValues) -> tuple[Actor, str, Session]:
    services = request.app.state.services
    at = services.clock.now()
    login = values.needed("login", _("请填写工号。"), limit=100)
    password = values.needed("password", _("请填写密码。"), limit=500)
    address = request.client.host if request.client else "?"
    async with services.db.begin() as tx:
        if await must_wait(tx, address, at):
            raise TooMany(_("登录失败次数过多，请 5 分钟后再试，或请管理员重置密码。"))
    try:
        actor: Actor = await services.accounts.sign_in(login, password)
    except RexianError as error:
        if error.status < SERVER_FAULT:
            async with services.db.begin() as tx:
                await note_refusal(tx, address, at)
        raise
    async with services.db.begin() as tx:
        cookie, session = await open_session(tx, actor.id, at)
    log.info("web.signed_in", user=actor.id)
    return actor, cookie, session


@post("/sign-out", guards=[signed_in])
async def sign_out(request: AnyRequest) -> Response[Any]:
    """End the session, and what goes with it (an agent's seat leaves the queues)."""
    session, services = session_of(request), request.app.state.services
    if session:
        async with services.db.begin() as tx:
            await services.accounts.signed_out(tx, actor_of(request))
            await close_session(tx, session)
    response: Response[Any] = (
        Response({}, status_code=200)
        if wants_json(request)
        else Redirect("/sign-in", status_code=303)
    )
    response.delete_cookie(COOKIE, path="/")
    return response


@get("/session.json", guards=[signed_in])
async def session_json(request: AnyRequest) -> Response[dict[str, Any]]:
    """Who is signed in, and the CSRF token for the header X-CSRF-Token."""
    session = session_of(request)
    body = _who(actor_of(request), session) if session else {}
    return Response(body, media_type=MediaType.JSON, headers={"Cache-Control": "no-store"})


@get("/me", guards=[signed_in], include_in_schema=False)
async def me(request: AnyRequest) -> Response[str]:
    """The person's own page: who, language, sign-out."""
    return page(request, "web/me.html")


@post("/language")
async def set_language(request: AnyRequest) -> Response[Any]:
    """Choose Chinese or English; kept in the browser."""
    values = await form_values(request)
    language = values.get("language", "zh")
    back = safe_next(values.get("next", "")) or "/sign-in"
    response: Response[Any] = Redirect(back, status_code=303)
    if language in LANGUAGES:
        response.set_cookie("lang", language, max_age=YEAR_S, samesite="strict", path="/")
    return response


def _who(actor: Actor, session: Session) -> dict[str, Any]:
    return {
        "user": {
            "id": actor.id,
            "name": actor.name,
            "role": actor.role.value,
            "department": actor.department,
            "seat": actor.seat,
        },
        "csrf": session.csrf,
    }


HANDLERS = (front, sign_in_page, sign_in, sign_out, session_json, me, set_language)
