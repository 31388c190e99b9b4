"""Live updates: one LISTEN connection a process, fanned out to browsers as server-sent events.

A room tells the desks something with `notify(tx, "desk", json)`, for example
`{"seat": "1012", "what": "call", "call": "<id>"}`. Who receives it is decided by the first key
present: `seat`, `user`, `department`, `role`; none of them means everybody. `what` becomes the
event's name. Every event of the log is passed on too, as its subject's kind only (`case`,
`contact`, `approval` …), at most every 300 ms, so lists and histories are fresh without any room
doing anything. Nothing personal is ever in a notification: pages fetch what changed themselves.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from litestar import get
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from rexian.kernel.actor import Actor
from rexian.kernel.notify import CONNECTED, listen
from rexian.kernel.web.answers import AnyRequest
from rexian.kernel.web.guards import actor_of, signed_in

CHANNEL = "desk"
EVENTS = "events"
GATHER_S = 0.3
BEAT_S = 15.0
#: A browser that reads this many messages too late is told to reload instead.
QUEUE_LENGTH = 100
EVERYBODY = "all"
RELOAD = {"what": "reload"}


def topics_of(actor: Actor) -> frozenset[str]:
    """What an actor's browser listens to."""
    topics = {EVERYBODY, f"user:{actor.id}", f"role:{actor.role.value}"}
    if actor.seat:
        topics.add(f"seat:{actor.seat}")
    if actor.department:
        topics.add(f"department:{actor.department}")
    return frozenset(topics)


def topic_of(message: dict[str, Any]) -> str:
    """Whom a message is for."""
    for key in ("seat", "user", "department", "role"):
        if message.get(key):
            return f"{key}:{message[key]}"
    return EVERYBODY


@dataclass(eq=False)
class _Browser:
    topics: frozenset[str]
    queue: asyncio.Queue[dict[str, Any] | None] = field(
        default_factory=lambda: asyncio.Queue(QUEUE_LENGTH)
    )

    def put(self, message: dict[str, Any] | None) -> None:
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(RELOAD)
        self.queue.put_nowait(message)


class Hub:
    """Fans notifications of the channel `desk` out to this process's browsers."""

    def __init__(self) -> None:
        """No browser yet."""
        self._browsers: set[_Browser] = set()
        self._gathered: set[str] = set()
        self.connected = asyncio.Event()

    @property
    def browsers(self) -> int:
        """How many browsers are connected."""
        return len(self._browsers)

    def publish(self, message: dict[str, Any]) -> None:
        """Hand a message to the browsers it is for."""
        topic = topic_of(message)
        for browser in self._browsers:
            if topic in browser.topics:
                browser.put(message)

    def gather(self, kind: str) -> None:
        """Tell everybody that something of this kind changed, a moment later and once."""
        if kind not in self._gathered:
            self._gathered.add(kind)
            asyncio.get_running_loop().call_later(GATHER_S, self._tell, kind)

    def _tell(self, kind: str) -> None:
        self._gathered.discard(kind)
        self.publish({"what": kind})

    async def follow(self, dsn: str, stop: asyncio.Event) -> None:
        """Read notifications until `stop`. After a reconnect every browser looks again."""
        async for notification in listen(dsn, CHANNEL, EVENTS, stop=stop):
            if notification is None:
                continue
            if notification == CONNECTED:
                if self.connected.is_set():
                    self.publish(RELOAD)
                self.connected.set()
            elif notification.channel == EVENTS:
                self.gather(notification.payload.partition(".")[0])
            else:
                with suppress(ValueError):
                    message = json.loads(notification.payload)
                    if isinstance(message, dict):
                        self.publish(message)
        self.close()

    def close(self) -> None:
        """End every browser's stream."""
        for browser in self._browsers:
            browser.put(None)

    async def stream(self, actor: Actor) -> AsyncGenerator[ServerSentEventMessage, None]:
        """The events for one browser, with a comment every 15 s so that a dead line is noticed."""
        browser = _Browser(topics_of(actor))
        self._browsers.add(browser)
        try:
            yield ServerSentEventMessage(event="hello", data="{}", retry=1000)
            while True:
                try:
                    message = await asyncio.wait_for(browser.queue.get(), BEAT_S)
                except TimeoutError:
                    yield ServerSentEventMessage(comment="beat")
                    continue
                if message is None:
                    return
                yield ServerSentEventMessage(
                    event=str(message.get("what", "message")),
                    data=json.dumps(message, ensure_ascii=False),
                )
        finally:
            self._browsers.discard(browser)


@get("/live", guards=[signed_in], include_in_schema=False)
async def live(request: AnyRequest) -> ServerSentEvent:
    """The browser's event stream."""
    hub: Hub = request.app.state.hub
    return ServerSentEvent(hub.stream(actor_of(request)), headers={"X-Accel-Buffering": "no"})
