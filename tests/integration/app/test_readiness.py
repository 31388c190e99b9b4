"""Slow is not hung, and up is not ready: patience by processor time, ports really held."""

import os
import socket
from pathlib import Path

import pytest

from calls.asterisk_install import Install
from rexian.app.services import ports
from rexian.app.services.asterisk import AsteriskRoot, PortTaken
from rexian.app.services.postgres import free_port
from rexian.kernel.settings import load_settings
from tests.integration.app.test_supervisor import SLEEPING, _running, _spec, _state
from tests.support.wait import until

BUSY = (
    "import sys, time\n"
    "end = time.process_time() + 2.5\n"
    "while time.process_time() < end: pass\n"
    "open(sys.argv[-1], 'w').close()\n"
    "time.sleep(600)"
)


def _wanted(number):
    return ports.Wanted(number, "tcp", "ami", "Asterisk manager interface")


async def _no():
    return False


async def test_a_slow_start_is_not_ended_while_the_process_works(settings, tmp_path):
    done = tmp_path / "done"
    program = BUSY.replace("sys.argv[-1]", repr(str(done)))

    async def ready():
        return done.exists()

    spec = _spec(settings, "slow", program, probe=ready, start_seconds=1.0)
    async with _running(settings, spec) as supervisor:
        shown = _state(supervisor, "slow")
        assert (shown.state, shown.restarts) == ("up", 0)


async def test_a_start_that_stands_still_is_ended_and_tried_again(settings):
    spec = _spec(settings, "still", SLEEPING, probe=_no, start_seconds=0.5)
    async with _running(settings, spec) as supervisor:
        await until(lambda: _state(supervisor, "still").restarts >= 1)
        assert "stood still" in (_state(supervisor, "still").last_error or "")


async def test_a_process_without_its_port_is_not_ready_and_the_status_says_why(settings):
    said = ["TCP port 5039 is taken by process 7"]

    async def fault(_pid):
        return said[0] if said else None

    async with _running(settings) as supervisor:
        spec = _spec(settings, "one", SLEEPING, fault=fault)
        supervisor._begin(spec)
        await until(lambda: _state(supervisor, "one").last_error == said[0])
        assert _state(supervisor, "one").state != "up"
        said.clear()
        await until(lambda: _state(supervisor, "one").state == "up")


async def test_a_port_lost_later_counts_as_trouble_too(settings):
    said: list[str] = []

    async def fault(_pid):
        return said[0] if said else None

    async with _running(settings, _spec(settings, "one", SLEEPING, fault=fault)) as supervisor:
        before = _state(supervisor, "one").pid
        said.append("TCP port 5039 is not open")
        await until(lambda: _state(supervisor, "one").restarts >= 1)
        said.clear()
        await until(lambda: _state(supervisor, "one").state == "up")
        after = _state(supervisor, "one")
        assert after.pid != before
        assert "TCP port 5039" in (after.last_error or "")


def test_a_port_counts_as_held_only_by_the_process_that_has_it():
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", 0))
        mine.listen(1)
        number = mine.getsockname()[1]
        assert ports.not_held([_wanted(number)], os.getpid()) == []
        (sentence,) = ports.not_held([_wanted(number)], 1)
    assert (
        f"TCP port {number} (Asterisk manager interface) is taken by process {os.getpid()}"
        in sentence
    )
    (sentence,) = ports.not_held([_wanted(free_port())], os.getpid())
    assert "is not open" in sentence


def test_asterisk_is_not_started_while_somebody_has_its_manager_port(tmp_path):
    with socket.socket() as theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.listen(1)
        free = {name: free_port() for name in ("sip", "asterisk_http")}
        settings = load_settings(
            {}, overrides={"home": str(tmp_path), "ports": {"ami": theirs.getsockname()[1], **free}}
        )
        nowhere = Path("/nowhere")
        root = AsteriskRoot(settings, Install(None, nowhere, nowhere, nowhere))
        with pytest.raises(PortTaken, match=rf"manager interface.*process {os.getpid()} "):
            root.prepare()
    assert not root.configuration.exists()
