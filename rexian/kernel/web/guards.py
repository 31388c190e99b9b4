"""Who is asking, and whether the role allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor
from rexian.kernel.errors import RexianError
from rexian.kernel.web.sessions import Session

if TYPE_CHECKING:
    from litestar.types import Guard

type_of_connection = ASGIConnection[Any, Any, Any, Any]

SESSION_KEY = "rexian_session"
ACTOR_KEY = "rexian_actor"


class SignInNeeded(RexianError):
    """Nobody is signed in, or the session has ended."""

    code = "sign_in_needed"
    status = 401
    default_sentence = "登录已结束，请重新登录；已填写的内容仍然保留。"


def session_of(connection: type_of_connection) -> Session | None:
    """The session the middleware found, or None."""
    found = connection.scope["state"].get(SESSION_KEY)
    return found if isinstance(found, Session) else None


def maybe_actor(connection: type_of_connection) -> Actor | None:
    """Who is signed in, or None."""
    found = connection.scope["state"].get(ACTOR_KEY)
    return found if isinstance(found, Actor) else None


def actor_of(connection: type_of_connection) -> Actor:
    """Who is signed in; raises `SignInNeeded`."""
    actor = maybe_actor(connection)
    if actor is None:
        raise SignInNeeded
    return actor


def signed_in(connection: type_of_connection, _handler: BaseRouteHandler) -> None:
    """Guard: anybody who is signed in."""
    actor_of(connection)


def requires(permission: Permission) -> Guard:
    """Guard: signed in, and the role is granted `permission` (kernel/access.py)."""

    def guard(connection: type_of_connection, _handler: BaseRouteHandler) -> None:
        require(actor_of(connection), permission)

    return guard
