"""HTTP face of the simulated carrier, on 127.0.0.1: list what came, play a phone, misbehave."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from litestar import Litestar, get, post
from litestar.exceptions import HTTPException
from litestar.logging import LoggingConfig
from litestar.params import FromQuery, JSONBody

from rexian.app.carrier.smsc import Smsc

MO_ANSWER_S = 10


def control_app(smsc: Smsc) -> Litestar:
    """The application; see docs/reference/sms.md for its paths."""
    store = smsc.store

    @get("/messages", sync_to_thread=False)
    def messages(to: FromQuery[str] = "") -> dict[str, Any]:
        """What phones show; `to` limits it to numbers that end so."""
        return {"messages": store.messages(to)}

    @get("/state", sync_to_thread=False)
    def state() -> dict[str, Any]:
        """Links bound, counters, behaviour in force."""
        return {
            "bound": len(smsc.links),
            "counters": store.counters,
            "behaviour": dataclasses.asdict(store.behaviour),
        }

    @post("/mo", status_code=200)
    async def from_phone(data: JSONBody[dict[str, str]]) -> dict[str, Any]:
        """{"from", "to", "text"}: a person's SMS; answers the command_status of each part."""
        answers = smsc.from_phone(data["from"], data.get("to", "12345"), data["text"])
        try:
            async with asyncio.timeout(MO_ANSWER_S):
                statuses = [await one for one in answers]
        except TimeoutError:
            raise HTTPException("no answer from the hotline", status_code=504) from None
        return {"command_status": statuses}

    @post("/behaviour", status_code=200, sync_to_thread=False)
    def behave(data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
        """Set any field of Behaviour."""
        names = {field.name for field in dataclasses.fields(store.behaviour)}
        unknown = set(data) - names
        if unknown:
            raise HTTPException(f"no such field; known: {sorted(names)}", status_code=400)
        for name, value in data.items():
            setattr(store.behaviour, name, value)
        return dataclasses.asdict(store.behaviour)

    @post("/receipts", status_code=200, sync_to_thread=False)
    def receipt(data: JSONBody[dict[str, str]]) -> dict[str, Any]:
        """{"message_id", "state"}: send a receipt (again) now."""
        part = store.part(data["message_id"])
        if part is None:
            raise HTTPException("no such message", status_code=404)
        smsc.receipt(part, data.get("state", "DELIVRD"))
        return {"sent": True}

    return Litestar(
        [messages, state, from_phone, behave, receipt],
        openapi_config=None,
        logging_config=LoggingConfig(configure_root_logger=False),
    )


class QuietServer(uvicorn.Server):
    """uvicorn inside a process that handles signals itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


def control_server(smsc: Smsc, port: int) -> QuietServer:
    """A server for `control_app`; end it by `should_exit = True`."""
    config = uvicorn.Config(
        control_app(smsc),
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="none",
    )
    return QuietServer(config)
