"""The Litestar application: the web base plus the routers the wiring hands in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import CacheControlHeader, State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from rexian.kernel.errors import RexianError
from rexian.kernel.web import signin
from rexian.kernel.web.errors import on_any_error, on_http_error, on_rexian_error
from rexian.kernel.web.live import Hub, live
from rexian.kernel.web.middleware import WhoAsks, add_security_headers, before_each
from rexian.kernel.web.nav import NavItem
from rexian.kernel.web.ports import WebServices
from rexian.kernel.web.render import STATIC, Renderer

#: 100,000 Chinese characters are 900,000 bytes in a form; far more than that is no request.
MAX_BODY_BYTES = 4_000_000
DAY_S = 86_400


def create_application(
    services: WebServices,
    handlers: Sequence[ControllerRouterHandler],
    nav: Sequence[NavItem],
    *,
    follow: bool = True,
) -> Litestar:
    """The web desk. `follow=False` leaves the database's notifications alone (unit tests)."""
    hub = Hub()

    @asynccontextmanager
    async def live_updates(_app: Litestar) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(hub.follow(services.db.dsn(), stop)) if follow else None
        try:
            yield
        finally:
            stop.set()
            hub.close()
            if task:
                await task

    static = create_static_files_router(
        path="/static",
        directories=[STATIC],
        cache_control=CacheControlHeader(max_age=DAY_S, public=True),
    )
    return Litestar(
        route_handlers=[*signin.HANDLERS, live, static, *handlers],
        middleware=[WhoAsks()],
        before_send=[add_security_headers],
        before_request=before_each,
        exception_handlers={
            RexianError: on_rexian_error,
            HTTPException: on_http_error,
            Exception: on_any_error,
        },
        state=State(
            {
                "services": services,
                "renderer": Renderer(services.settings.root),
                "nav": tuple(nav),
                "hub": hub,
            }
        ),
        lifespan=[live_updates],
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Hotline desks",
            version="1",
            path="/openapi",
            render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
            components=Components(
                security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}
            ),
        ),
    )
