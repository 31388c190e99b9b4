"""Two telephones on the loopback: real SIP, real RTP, no server between them."""

import asyncio

import pytest

from rexian.app.robots import audio
from rexian.app.robots.phone import PhoneFailed, phone
from tests.support.phones import bare_line, tone_file
from tests.support.wait import until


async def test_two_phones_talk_hear_each_other_and_pass_digits(tmp_path):
    caller_says, seat_says = tone_file(tmp_path, 440), tone_file(tmp_path, 620)
    seat = bare_line("seat-1012")
    citizen = bare_line("13800000000", 'Robert "); DROP')
    async with (
        phone(seat, tmp_path / "seat", say=seat_says, answer_after_ms=300) as desk,
        phone(citizen, tmp_path / "citizen", say=caller_says) as caller,
    ):
        await caller.dial("seat-1012", server=desk.address)
        incoming = await desk.expect("incoming", seconds=5)
        assert "13800000000" in incoming["caller"]
        await caller.press("1#0")
        await desk.expect("digit", seconds=10, count=3)
        assert [event["digit"] for event in desk.seen("digit")] == ["1", "#", "0"]
        await until(lambda: min(len(desk.heard()), len(caller.heard())) >= 4 * audio.RATE)
        await caller.hang_up()
        await desk.hung_up(seconds=5)
    assert audio.tone(caller.heard()[audio.RATE :], 620) > 0.9
    assert audio.tone(desk.heard()[2 * audio.RATE :], 440) > 0.6


async def test_a_number_that_does_not_answer_is_an_error_with_its_reason(tmp_path):
    seat = bare_line("seat-1012")
    async with (
        phone(seat, tmp_path / "a") as nobody,
        phone(bare_line("13800000000"), tmp_path / "b") as caller,
        phone(bare_line("13900000000"), tmp_path / "c") as second,
    ):
        await caller.order("dial", to=f"sip:seat-1012@{nobody.address}")
        await nobody.expect("incoming", seconds=5)
        with pytest.raises(PhoneFailed) as caught:
            await second.dial("seat-1012", server=nobody.address)
        assert "486" in caught.value.sentence
        await nobody.order("answer")
        await caller.answered(seconds=5)
        await nobody.hang_up()
        await caller.hung_up(seconds=5)


async def test_a_phone_whose_driver_is_gone_leaves(tmp_path):
    async with phone(bare_line("13800000000"), tmp_path) as one:
        process = one._process
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(10):
            assert await process.wait() == 0
