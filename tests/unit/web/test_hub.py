"""The hub fans messages out, gathers events, and tells a slow browser to reload."""

import asyncio
import json
from typing import Any

from rexian.kernel.actor import Actor, Role
from rexian.kernel.web.live import QUEUE_LENGTH, Hub

AGENT = Actor("user", "u1", Role.AGENT, seat="1012")


async def next_event(stream) -> tuple[str, dict[str, Any]]:
    async with asyncio.timeout(5):
        message = await anext(stream)
    return message.event, json.loads(message.data)


async def test_a_message_reaches_its_seat_and_the_stream_ends_with_the_hub():
    hub = Hub()
    stream = hub.stream(AGENT)
    assert (await next_event(stream))[0] == "hello"
    assert hub.browsers == 1
    hub.publish({"seat": "1011", "what": "call", "call": "other"})
    hub.publish({"seat": "1012", "what": "call", "call": "mine"})
    assert await next_event(stream) == (
        "call",
        {"seat": "1012", "what": "call", "call": "mine"},
    )
    hub.close()
    assert [one async for one in stream] == []
    assert hub.browsers == 0


async def test_many_events_of_one_kind_are_told_once():
    hub = Hub()
    stream = hub.stream(AGENT)
    await next_event(stream)
    for _ in range(50):
        hub.gather("case")
    hub.gather("notice")
    told = [await next_event(stream), await next_event(stream)]
    assert told == [("case", {"what": "case"}), ("notice", {"what": "notice"})]
    await stream.aclose()


async def test_a_browser_that_reads_too_late_reloads():
    hub = Hub()
    stream = hub.stream(AGENT)
    await next_event(stream)
    for number in range(QUEUE_LENGTH + 3):
        hub.publish({"what": "case", "n": number})
    assert (await next_event(stream))[0] == "reload"
    assert await next_event(stream) == ("case", {"what": "case", "n": QUEUE_LENGTH})
    await stream.aclose()
