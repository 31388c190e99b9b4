"""Outgoing calls of notices on a real Asterisk: a fax page arrives, a voice notice is heard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw
from sqlalchemy import text

from calls import service
from tests.integration.calls.conftest import Side
from tests.support.wait import until

WIDTH, HEIGHT = 1728, 1100


def page(path: Path) -> None:
    image = Image.new("1", (WIDTH, HEIGHT), 1)
    draw = ImageDraw.Draw(image)
    for step in range(60, 1000, 120):
        draw.rectangle((200, step, 200 + step, step + 40), fill=0)
    image.save(path, compression="group4", dpi=(204, 196))


async def ended(side: Side, key: str, seconds: float) -> None:
    await side.until(lambda: any(one.key == key for one in side.heard.attempts), seconds)


async def work_is(side: Side, key: str, state: str) -> None:
    async def now() -> bool:
        async with side.db.begin() as tx:
            found = await tx.execute(text("SELECT state FROM work WHERE key = :k"), {"k": key})
            return list(found.scalars()) == [state]

    await until(now, 5, f"work {key} is {state}")


async def test_a_fax_page_arrives_as_it_was_sent(side: Side) -> None:
    home = side.asterisk.settings.home
    sent = side.asterisk.settings.file("fax", "out", "page.tif")
    page(sent)
    key = "0190aaaa-0000-7000-8000-000000000001:1"
    async with side.db.begin() as tx:
        now, file = datetime.now(UTC), str(sent)
        for fresh in (True, False):
            assert fresh is await service.request_originate(
                tx, key, context="fax-out", number="fax-sink", file=file, at=now
            )
    await ended(side, key, 90)
    attempt = side.heard.attempts[0]
    assert (attempt.state, attempt.code) == ("done", "SUCCESS")
    assert attempt.proof["pages"] == "1"
    assert attempt.proof["remote"] == "12345"
    received = home / "fax" / "received" / attempt.proof["received"]
    with Image.open(received) as there, Image.open(sent) as here:
        assert there.width == here.width
        first = there.convert("L").crop((0, 100, WIDTH, HEIGHT - 50))
        second = here.convert("L").crop((0, 100, WIDTH, HEIGHT - 50))
        shifts = [ImageChops.difference(ImageChops.offset(first, 0, -n), second) for n in (0, 32)]
        assert min(sum(one.histogram()[1:]) for one in shifts) < WIDTH * HEIGHT // 50
    await work_is(side, key, "done")


async def test_a_voice_notice_is_played_to_who_answers(side: Side) -> None:
    key = "notice-voice-1"
    async with side.phone("trunk") as citizen:
        await citizen.register()
        async with side.db.begin() as tx:
            file = side.asterisk.settings.home / "prompts" / "zh" / "goodbye"
            await service.request_originate(
                tx, key, context="voice-out", number="13985000001", file=str(file),
                at=datetime.now(UTC),
            )  # fmt: skip
        await ended(side, key, 20)
        assert side.heard.attempts[0].state == "done"
        assert citizen.heard_packets > 5
        await citizen.register(0)


async def test_nobody_at_the_number_is_a_failure_with_a_reason(side: Side) -> None:
    key = "notice-voice-2"
    async with side.db.begin() as tx:
        await service.request_originate(
            tx, key, context="voice-out", number="13985000002", file="/nowhere/x",
            at=datetime.now(UTC),
        )  # fmt: skip
    await ended(side, key, 20)
    attempt = side.heard.attempts[0]
    assert attempt.state == "failed"
    assert attempt.code in {"NO_ROUTE", "FAILED", "HANGUP", "CONGESTION"}


async def test_a_row_taken_back_from_a_dead_worker_is_not_dialled_again(side: Side) -> None:
    key = "notice-voice-3"
    async with side.db.begin() as tx:
        await tx.execute(
            text(
                "INSERT INTO call_attempts (key, context, state, requested_at, placed_at)"
                " VALUES (:k, 'voice-out', 'calling', now(), now())"
            ),
            {"k": key},
        )
        await service.request_originate(
            tx, key, context="voice-out", number="13985000003", file="/nowhere/x",
            at=datetime.now(UTC),
        )  # fmt: skip
    await ended(side, key, 20)
    assert side.heard.attempts[0].state == "uncertain"
    await work_is(side, key, "uncertain")
