"""The mirror follows a real Asterisk: calls, seats, times, outages of either side."""

from __future__ import annotations

import asyncio
import json
import signal

from calls import service
from calls.identity import call_id
from calls.model import SeatAction, SeatState
from rexian.kernel.db import Database
from rexian.kernel.notify import CONNECTED, listen
from tests.integration.calls.conftest import Heard, Side, following
from tests.support.asterisk import RealAsterisk
from tests.support.wait import until


async def ask(side: Side, seat: str, action: SeatAction) -> None:
    async with side.db.begin() as tx:
        await service.request_seat(tx, seat, action)


async def stands(side: Side, seat: str, state: SeatState) -> None:
    async def now() -> bool:
        async with side.db.begin() as tx:
            return (await service.seat_view(tx, seat)).state is state

    await until(now, 10, f"seat {seat} is {state}")


async def test_a_call_from_ring_to_end(side: Side) -> None:
    async with side.phone("seat-1001") as seat, side.phone("trunk") as citizen:
        await ask(side, "1001", SeatAction.READY)
        await stands(side, "1001", SeatState.READY)
        await citizen.call("12345", caller=b"13985012345")
        await side.until(lambda: side.heard.of("answered"))
        call = side.heard.of("answered")[0]
        assert call.id == call_id(call.uniqueid)
        assert (call.line, call.caller, call.seat) == ("12345", "13985012345", "1001")
        async with side.db.begin() as tx:
            assert await service.current_call(tx, "1001") == call
        await stands(side, "1001", SeatState.TALKING)
        heard = seat.heard_packets
        await until(lambda: seat.heard_packets > heard + 25, 10, "half a second of talk")
        await ask(side, "1001", SeatAction.HANG_UP)
        await side.until(lambda: side.heard.of("ended"))
        await side.until(lambda: seat.hung_up and citizen.hung_up)
        ended = side.heard.of("ended")[0]
        assert ended.outcome == "answered"
        await stands(side, "1001", SeatState.READY)
        await ask(side, "1001", SeatAction.SIGN_OUT)
        await stands(side, "1001", SeatState.OUT)
        # Whole as soon as the end of the call is known: its header counts the samples.
        recording = side.heard.recordings[ended.id]
        assert 0 < recording < 20_000
        await agrees_with_queue_log(side, ended.id, ended.uniqueid)


async def agrees_with_queue_log(side: Side, call: str, uniqueid: str) -> None:
    wanted = {"queued": "ENTERQUEUE", "answered": "CONNECT", "talk_ended": "COMPLETE"}
    rows = [row for row in side.asterisk.queue_log() if row[1] == uniqueid]
    async with side.db.begin() as tx:
        moments = {one.what: one for one in await service.call_timeline(tx, call)}
    for what, verb in wanted.items():
        second = next(int(row[0]) for row in rows if row[4].startswith(verb))
        assert int(moments[what].at.timestamp()) == second, what


async def test_the_desk_hears_of_the_answer_in_time(side: Side) -> None:
    heard: list[tuple[float, dict[str, str]]] = []
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()

    async def hear() -> None:
        async for one in listen(side.db.dsn(), "desk"):
            if one == CONNECTED:
                ready.set()
            elif one is not None:
                heard.append((loop.time(), json.loads(one.payload)))

    listening = asyncio.create_task(hear())
    await ready.wait()
    async with side.phone("seat-1002") as seat, side.phone("trunk") as citizen:
        await ask(side, "1002", SeatAction.READY)
        await stands(side, "1002", SeatState.READY)
        await citizen.call("12345")
        await side.until(lambda: seat.talking)
        answered = loop.time()
        await side.until(lambda: any(told["what"] == "call" for _, told in heard))
        at, told = next(one for one in heard if one[1]["what"] == "call")
        assert told["seat"] == "1002"
        assert at - answered < 0.3
        citizen.hang_up()
        await side.until(lambda: any(told["what"] == "ended" for _, told in heard))
        await ask(side, "1002", SeatAction.SIGN_OUT)
        await stands(side, "1002", SeatState.OUT)
    listening.cancel()


async def test_a_caller_who_gives_up_is_abandoned(side: Side) -> None:
    async with side.phone("trunk") as citizen:
        await citizen.call("96796")
        await side.until(lambda: side.heard.of("queued"))
        citizen.hang_up()
        await side.until(lambda: side.heard.of("ended"))
        assert side.heard.of("ended")[0].outcome == "abandoned"


async def test_a_pause_keeps_callers_away(side: Side) -> None:
    async with side.phone("seat-1003") as seat, side.phone("trunk") as citizen:
        await ask(side, "1003", SeatAction.SIGN_IN)
        await stands(side, "1003", SeatState.PAUSED)
        await citizen.call("12345")
        await side.until(lambda: side.heard.of("queued"))
        assert seat.rung == 0
        await ask(side, "1003", SeatAction.READY)
        await side.until(lambda: seat.talking)
        citizen.hang_up()
        await ask(side, "1003", SeatAction.PAUSE)
        await stands(side, "1003", SeatState.PAUSED)
        await ask(side, "1003", SeatAction.SIGN_OUT)
        await stands(side, "1003", SeatState.OUT)


async def test_the_duty_phone_answers_at_once_when_nobody_is_signed_in(side: Side) -> None:
    async with side.phone("duty") as duty, side.phone("trunk") as citizen:
        await citizen.call("12345")
        await side.until(lambda: side.heard.of("queued"))
        began = asyncio.get_running_loop().time()
        await side.until(lambda: duty.talking)
        assert asyncio.get_running_loop().time() - began < 1.5
        await side.until(lambda: side.heard.of("answered"))
        assert side.heard.of("answered")[0].seat == "duty"
        citizen.hang_up()
        await side.until(lambda: side.heard.of("ended"))


async def test_the_duty_phone_waits_while_a_seat_may_answer(side: Side) -> None:
    async with (
        side.phone("duty") as duty,
        side.phone("seat-1004", answer=False) as seat,
        side.phone("trunk") as citizen,
    ):
        await ask(side, "1004", SeatAction.READY)
        await stands(side, "1004", SeatState.READY)
        await citizen.call("12345")
        await side.until(lambda: seat.rung)
        await stands(side, "1004", SeatState.RINGING)
        assert duty.rung == 0
        await ask(side, "1004", SeatAction.SIGN_OUT)
        await stands(side, "1004", SeatState.OUT)
        citizen.hang_up()
        await side.until(lambda: side.heard.of("ended"))


async def test_a_call_that_ended_while_nobody_followed(
    asterisk: RealAsterisk, db: Database
) -> None:
    heard = Heard(asterisk.settings.home)
    async with following(asterisk, db, heard) as side, side.phone("seat-1005"):
        await ask(side, "1005", SeatAction.READY)
        await stands(side, "1005", SeatState.READY)
        citizen = side.phone("trunk")
        phone = await citizen.__aenter__()
        await phone.call("12345")
        await side.until(lambda: heard.of("queued"))
        await side.until(lambda: phone.talking and heard.of("answered"))
        async with side.phone("seat-1005"):
            pass
    phone.hang_up()
    await side.until(lambda: not asterisk.channels())
    await citizen.__aexit__(None, None, None)
    async with following(asterisk, db, heard) as again:
        await again.until(lambda: heard.of("ended"))
        ended = heard.of("ended")[0]
        assert ended.outcome == "answered"
        await ask(again, "1005", SeatAction.SIGN_OUT)
        await stands(again, "1005", SeatState.OUT)
        await agrees_with_queue_log(again, ended.id, ended.uniqueid)


async def test_a_whole_call_while_nobody_followed(asterisk: RealAsterisk, db: Database) -> None:
    heard = Heard(asterisk.settings.home)
    async with following(asterisk, db, heard) as side:
        pass
    async with side.phone("trunk") as citizen:
        await citizen.call("12345", caller=b"085188887777")
        await side.until(lambda: asterisk.in_application("Queue"))
        citizen.hang_up()
        await side.until(lambda: not asterisk.channels())
    async with following(asterisk, db, heard):
        await side.until(lambda: heard.of("ended"))
    mine = [call for call in heard.of("ended") if call.caller == "085188887777"]
    assert [call.outcome for call in mine] == ["abandoned"]


async def test_asterisk_killed_and_back(asterisk: RealAsterisk, db: Database) -> None:
    heard = Heard(asterisk.settings.home)
    async with following(asterisk, db, heard) as side, side.phone("seat-1006") as seat:
        await ask(side, "1006", SeatAction.READY)
        await stands(side, "1006", SeatState.READY)
        async with side.phone("trunk") as citizen:
            await citizen.call("12345")
            await side.until(lambda: heard.of("answered"))
            asterisk.stop(signal.SIGKILL)
            await side.until(lambda: not side.follower.following.is_set())
            await asyncio.to_thread(asterisk.start)
            await side.until(lambda: heard.of("ended"))
            citizen.talking = False
        assert heard.of("ended")[0].outcome == "answered"
        await seat.register()
        await stands(side, "1006", SeatState.READY)
        async with side.phone("trunk") as citizen:
            await citizen.call("12345")
            await side.until(lambda: len(heard.of("answered")) == 2)
            citizen.hang_up()
            await side.until(lambda: len(heard.of("ended")) == 2)
        await ask(side, "1006", SeatAction.SIGN_OUT)
        await stands(side, "1006", SeatState.OUT)
