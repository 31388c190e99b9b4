"""Every failure gets a decent answer: a sentence at the page, JSON for programs, no stack trace."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from rexian.kernel.errors import BadInput, NotFound, RexianError, TooMany
from rexian.kernel.logs import log
from rexian.kernel.web.answers import AnyRequest, is_htmx, page, wants_json
from rexian.kernel.web.guards import SignInNeeded
from rexian.kernel.web.i18n import gettext as _

SERVER_FAULT = 500
TITLES = {
    401: "请登录",
    403: "没有权限",
    404: "没有找到",
    409: "现在不能这样办理",
    413: "内容过大",
    422: "请检查填写的内容",
    429: "请稍候",
    503: "系统正在恢复",
}


def on_rexian_error(request: AnyRequest, error: RexianError) -> Response[Any]:
    """Answer one of our own errors."""
    if error.status >= SERVER_FAULT:
        log.error("web.error", code=error.code, path=request.url.path, details=error.details)
    if wants_json(request):
        body = error.as_dict() | {"sentence": _(error.sentence)}
        return Response(body, status_code=error.status, media_type=MediaType.JSON)
    if is_htmx(request):
        return _to_notice(request, error)
    if isinstance(error, SignInNeeded):
        return _to_sign_in(request)
    return page(
        request,
        "web/error.html",
        status=error.status,
        error_title=_(TITLES.get(error.status, "系统出现问题")),
        sentence=_(error.sentence),
        reference="",
    )


def on_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer one of the framework's own refusals in our words."""
    if error.status_code >= SERVER_FAULT:
        return on_any_error(request, error)
    known: RexianError
    if error.status_code in {404, 405}:
        known = NotFound()
    elif error.status_code == TooMany.status:
        known = TooMany()
    else:
        known = BadInput()
        known.status = error.status_code
        if error.status_code == 413:  # noqa: PLR2004  # RFC 9110 15.5.14
            known.sentence = _("提交的内容过大，请删减后再提交。")
    return on_rexian_error(request, known)


def on_any_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer what nobody foresaw: log it whole under a reference that the person can read out."""
    reference = uuid.uuid4().hex[:8]
    log.error("web.crash", reference=reference, path=request.url.path, exc_info=error)
    unknown = RexianError(reference=reference)
    if wants_json(request) or is_htmx(request):
        return on_rexian_error(request, unknown)
    return page(
        request,
        "web/error.html",
        status=SERVER_FAULT,
        error_title=_("系统出现问题"),
        sentence=_(unknown.sentence),
        reference=reference,
    )


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    if request.method == "GET":
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Redirect(f"/sign-in?next={quote(back)}", status_code=303)
    return Redirect("/sign-in", status_code=303)


def _to_notice(request: AnyRequest, error: RexianError) -> Response[Any]:
    """A notice in the corner: what somebody is writing stays where it is."""
    sign_in = ""
    if isinstance(error, SignInNeeded):
        here = urlsplit(request.headers.get("hx-current-url", "/"))
        back = here.path + (f"?{here.query}" if here.query else "")
        sign_in = f"/sign-in?next={quote(back)}"
    return page(
        request,
        "web/notice.html",
        status=error.status,
        sentence=_(error.sentence),
        level="bad",
        sign_in=sign_in,
    )
