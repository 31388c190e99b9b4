"""The dialplan on a real Asterisk: from FastAGI to the classic script to the bare queue."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.asterisk import RealAsterisk, running_asterisk, telephone_settings, until
from tests.support.sip import SipPhone

BUDGET_S = 4


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAsterisk]:
    settings = telephone_settings(tmp_path_factory.mktemp("home"), menu_budget_s=BUDGET_S)
    with running_asterisk(settings) as made:
        yield made


SERVER = """
import asyncio, sys
from pathlib import Path
from agi.server import Door, serve
from ivr.loader import MenuLoader
async def main():
    door = Door(MenuLoader().current, Path(sys.argv[1]))
    await serve(door, int(sys.argv[2]), asyncio.Event().wait())
asyncio.run(main())
"""


@pytest.fixture
def fastagi(asterisk: RealAsterisk) -> Iterator[subprocess.Popen[bytes]]:
    settings = asterisk.settings
    prompts = settings.home / "prompts" / "zh"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(prompts), str(settings.ports.fastagi)],
        cwd=settings.root,
    )
    until(lambda: _listening(settings.ports.fastagi))
    yield process
    process.kill()
    process.wait()


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def citizen(asterisk: RealAsterisk) -> AsyncIterator[SipPhone]:
    phone = SipPhone("trunk", asterisk.secret("trunk"), asterisk.settings.ports.sip)
    await phone.open()
    try:
        yield phone
    finally:
        await phone.close()
        await asyncio.to_thread(until, lambda: not asterisk.channels())


async def reaches(asterisk: RealAsterisk, application: str, seconds: float = 15) -> list[str]:
    found: list[list[str]] = await asyncio.to_thread(
        until, lambda: asterisk.in_application(application), seconds
    )
    return found[0]


def stage(asterisk: RealAsterisk, channel: str) -> str:
    lines = asterisk.rx(f"core show channel {channel}").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("REXIAN_STAGE="))


async def test_silence_reaches_the_queue_through_fastagi(
    asterisk: RealAsterisk, fastagi: subprocess.Popen[bytes]
) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        channel = await reaches(asterisk, "Queue")
        assert stage(asterisk, channel[0]) == "fastagi"
        assert (await asyncio.to_thread(asterisk.rx, "queue show 12345")).count("wait:") == 1


async def test_without_a_server_the_classic_script_walks_the_menu(asterisk: RealAsterisk) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        channel = await reaches(asterisk, "Queue")
        assert stage(asterisk, channel[0]) == "classic"


async def test_the_classic_script_takes_keys(asterisk: RealAsterisk) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("96796")
        # Asterisk drops keys while no command runs: wait until the greeting is heard.
        await asyncio.to_thread(until, lambda: phone.heard_packets > 2)
        await phone.press("66")
        channel = await reaches(asterisk, "Dial")
        assert channel[6].startswith("Local/110@emergency-desk")


async def test_without_server_and_script_a_person_answers(asterisk: RealAsterisk) -> None:
    script = asterisk.settings.home / "asterisk" / "agi" / "classic"
    kept = script.read_bytes()
    script.write_text("#!/bin/sh\nexit 3\n")
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        channel = await reaches(asterisk, "Queue")
        assert stage(asterisk, channel[0]) == "bare"
    script.write_bytes(kept)


async def test_a_frozen_server_frees_the_caller_at_the_budget(
    asterisk: RealAsterisk, fastagi: subprocess.Popen[bytes]
) -> None:
    os.kill(fastagi.pid, signal.SIGSTOP)
    loop = asyncio.get_running_loop()
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        began = loop.time()
        channel = await reaches(asterisk, "Queue", BUDGET_S + 6)
        assert loop.time() - began < BUDGET_S + 4
        assert stage(asterisk, channel[0]) == "classic"
    os.kill(fastagi.pid, signal.SIGCONT)


async def test_a_frozen_script_frees_the_caller_too(asterisk: RealAsterisk) -> None:
    script = asterisk.settings.home / "asterisk" / "agi" / "classic"
    kept = script.read_bytes()
    script.write_text("#!/bin/sh\nexec sleep 20\n")
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        channel = await reaches(asterisk, "Queue", BUDGET_S + 6)
        assert stage(asterisk, channel[0]) == "bare"
    script.write_bytes(kept)


async def test_killing_the_server_in_a_menu_moves_the_caller_on_at_once(
    asterisk: RealAsterisk, fastagi: subprocess.Popen[bytes]
) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        await reaches(asterisk, "AGI")
        fastagi.kill()
        channel = await reaches(asterisk, "Queue", 5)
        assert stage(asterisk, channel[0]) == "classic"


async def test_callers_in_the_queue_notice_nothing(
    asterisk: RealAsterisk, fastagi: subprocess.Popen[bytes]
) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        channel = await reaches(asterisk, "Queue")
        fastagi.kill()
        fastagi.wait()
        heard = phone.heard_packets
        await phone.wait(lambda: True)
        await asyncio.to_thread(until, lambda: phone.heard_packets > heard + 50)
        assert asterisk.in_application("Queue")[0][0] == channel[0]


async def test_an_emergency_key_dials_the_fixed_number(
    asterisk: RealAsterisk, fastagi: subprocess.Popen[bytes]
) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        await reaches(asterisk, "AGI")
        await phone.press("18")
        channel = await reaches(asterisk, "Dial")
        assert channel[6].startswith("Local/120@emergency-desk")


@pytest.mark.parametrize(
    "name",
    [
        b"${SHELL(id)}",
        b'a\\" ) SYSTEM(id) \\"',
        b"x,y|z;${EVAL(${SHELL(touch /nowhere)})}&",
        "王示例".encode("gbk"),
        b"N" * 500,
        b"\xff\xfe%0d%0aBYE",
    ],
)
@pytest.mark.parametrize("server", [True, False])
async def test_a_hostile_name_changes_nothing(
    asterisk: RealAsterisk, name: bytes, server: bool, request: pytest.FixtureRequest
) -> None:
    if server:
        request.getfixturevalue("fastagi")
    async with citizen(asterisk) as phone:
        await phone.call("12345", name=name)
        channel = await reaches(asterisk, "Queue")
        assert stage(asterisk, channel[0]) == ("fastagi" if server else "classic")
        shown = asterisk.rx(f"core show channel {channel[0]}")
        line = next(one for one in shown.splitlines() if "Caller ID Name" in one)
        assert set(line.partition(":")[2]) <= set(" ()/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            "abcdefghijklmnopqrstuvwxyz0123456789"), line  # fmt: skip
    assert "SHELL" not in asterisk.messages()


async def test_a_hostile_number_is_cut_to_digits(
    asterisk: RealAsterisk, fastagi: subprocess.Popen[bytes]
) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("12345", caller=b"139%22%24%7BSHELL(id)%7D85000000" + b"1" * 200)
        channel = await reaches(asterisk, "Queue")
        shown = asterisk.rx(f"core show channel {channel[0]}")
        line = next(one for one in shown.splitlines() if "Caller ID:" in one)
        number = line.partition(":")[2].strip()
        assert number.isdigit()
        assert len(number) <= 20


@pytest.mark.parametrize("step", ["ringing", "greeting", "menu", "number", "queue"])
@pytest.mark.parametrize("server", [True, False])
async def test_hanging_up_at_any_step_leaves_nothing_behind(
    asterisk: RealAsterisk, step: str, server: bool, request: pytest.FixtureRequest
) -> None:
    process = request.getfixturevalue("fastagi") if server else None
    before = asterisk.messages().count("ERROR")
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        if step in {"menu", "number"}:
            await phone.press("1")
        if step == "number":
            await phone.press("1")
            await phone.press("20261")
        if step == "queue":
            await reaches(asterisk, "Queue")
        phone.hang_up()
        await asyncio.to_thread(until, lambda: not asterisk.channels(), 5)
    assert asterisk.messages().count("ERROR") == before
    if process is not None:
        assert process.poll() is None


async def test_a_bare_connect_costs_nothing(
    asterisk: RealAsterisk, fastagi: subprocess.Popen[bytes]
) -> None:
    port = asterisk.settings.ports.fastagi
    spent = _cpu_ticks(fastagi.pid)
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", port)):
            pass
    assert _cpu_ticks(fastagi.pid) - spent < 30
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    async with citizen(asterisk) as phone:
        await phone.call("12345")
        channel = await reaches(asterisk, "Queue")
        assert stage(asterisk, channel[0]) == "fastagi"
    for one in idle:
        one.close()


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def test_a_number_that_is_not_ours_is_refused(asterisk: RealAsterisk) -> None:
    async with citizen(asterisk) as phone:
        await phone.call("13912345678")
        assert phone.codes[-1] == 404


async def test_a_wrong_password_is_refused(asterisk: RealAsterisk) -> None:
    phone = await SipPhone("trunk", "wrong", asterisk.settings.ports.sip).open()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(phone.call("12345"), 1)
    assert set(phone.codes) == {401}
    await phone.close()
