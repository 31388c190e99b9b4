"""People at desks, played over the desks' HTTP interface: JSON in, JSON out, as programs do."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import httpx

from rexian.kernel.errors import RexianError
from rexian.kernel.settings import Settings

JSON = {"Accept": "application/json"}
LOOK_S = 0.2
REFUSED = 400
T = TypeVar("T")


class DeskRefused(RexianError):
    """The desk did not do what a robot asked."""

    code = "desk_refused"
    status = 502
    default_sentence = "坐席系统没有完成操作。"


class NotSeen(RexianError):
    """Something that must happen was not seen in time."""

    code = "not_seen"
    status = 504
    default_sentence = "没有在规定时间内看到应有的结果。"


class DeskClient:
    """One signed-in person."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Speak through `http`; sign in before anything else."""
        self._http = http
        self._csrf = ""
        self.user: Mapping[str, Any] = {}

    async def sign_in(self, login: str, password: str) -> Self:
        """Sign in and keep the CSRF token. Raises `DeskRefused`."""
        body = await self.post("/sign-in", {"login": login, "password": password})
        self._csrf, self.user = body["csrf"], body["user"]
        return self

    async def post(self, path: str, fields: Mapping[str, Any] | None = None) -> Any:
        """POST JSON and return the JSON answer. Raises `DeskRefused` with the desk's sentence."""
        headers = JSON | ({"X-CSRF-Token": self._csrf} if self._csrf else {})
        return _body(await self._http.post(path, json=dict(fields or {}), headers=headers))

    async def get(self, path: str) -> Any:
        """GET JSON. Raises `DeskRefused`."""
        return _body(await self._http.get(path, headers=JSON))

    async def page(self, path: str) -> str:
        """GET a page as a browser does. Raises `DeskRefused`."""
        return _answer(await self._http.get(path, headers={"Accept": "text/html"})).text

    async def download(self, path: str) -> bytes:
        """GET a file. Raises `DeskRefused`."""
        return _answer(await self._http.get(path)).content

    async def status_of(self, path: str, fields: Mapping[str, Any] | None = None) -> int:
        """Status of a GET, or of a POST when fields are given, refused or not."""
        if fields is None:
            return (await self._http.get(path, headers=JSON)).status_code
        headers = JSON | {"X-CSRF-Token": self._csrf}
        return (await self._http.post(path, json=dict(fields), headers=headers)).status_code

    async def live(self, what: str) -> AsyncIterator[float]:
        """Moments (seconds since the epoch) at which the desk's browser is told of `what`."""
        async with self._http.stream("GET", "/live", timeout=None) as stream:
            _answer(stream)
            yield 0.0  # connected
            async for line in stream.aiter_lines():
                if line.removeprefix("data:").strip().startswith("{"):
                    message = json.loads(line.removeprefix("data:"))
                    if message.get("what") in {what, "reload"}:
                        yield time.time()


@asynccontextmanager
async def desk(settings: Settings, login: str, password: str) -> AsyncIterator[DeskClient]:
    """Somebody signed in at the running desk. Raises `DeskRefused`."""
    base = f"http://127.0.0.1:{settings.ports.desk}"
    async with httpx.AsyncClient(base_url=base, timeout=15, trust_env=False) as http:
        try:
            person = await DeskClient(http).sign_in(login, password)
        except httpx.TransportError as error:
            raise DeskRefused("坐席系统没有应答，请先启动：make run", desk=base) from error
        yield person


async def seen(look: Callable[[], Awaitable[T | None]], what: str, *, seconds: float) -> T:
    """Look until something is seen and return it. Raises `NotSeen` saying what was missing."""
    until = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() >= until:
            raise NotSeen(f"{seconds:g} 秒内没有看到：{what}。", what=what)
        await asyncio.sleep(LOOK_S)


def _answer(response: httpx.Response) -> httpx.Response:
    if response.status_code >= REFUSED:
        raise DeskRefused(
            f"坐席系统拒绝了 {response.request.method} {response.request.url.path}："
            f"{response.status_code} {_sentence(response)}",
            status=response.status_code,
        )
    return response


def _body(response: httpx.Response) -> Any:
    answer = _answer(response)
    return answer.json() if answer.content else None


def _sentence(response: httpx.Response) -> str:
    if not response.is_closed:
        return ""
    try:
        body = response.json()
    except ValueError:
        return response.reason_phrase
    return str(body.get("sentence", "")) if isinstance(body, dict) else ""
