"""The supervisor with real processes: starts, brings back, notices the frozen, leaves nobody."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager

import pytest

from rexian.app.bootstrap import running
from rexian.app.services import procfs
from rexian.app.services.postgres import free_port
from rexian.app.supervisor import control, heartbeat, probes, remains
from rexian.app.supervisor.specs import Spec, Stage
from rexian.app.supervisor.supervisor import StartFailed, Supervisor
from rexian.app.supervisor.up import CannotStart, look
from tests.support.wait import until

BEATING = "import asyncio; from rexian.app.supervisor.heartbeat import beat; asyncio.run(beat())"
SLEEPING = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); "
    "time.sleep(600)"
)


def _spec(settings, name, program, **more):
    return Spec(
        name=name,
        purpose="test",
        command=lambda: [sys.executable, "-c", program],
        folder=settings.root,
        **{"check_seconds": 0.2, **more},
    )


@asynccontextmanager
async def _running(settings, *specs):
    supervisor = Supervisor(settings, [Stage((spec,)) for spec in specs])
    await supervisor.open_control()
    try:
        await supervisor.start()
        yield supervisor
    finally:
        await supervisor.close()


def _state(supervisor, name):
    return supervisor.children[name].status()


async def test_a_killed_process_is_back_within_seconds_and_the_death_is_told(settings):
    async with _running(settings, _spec(settings, "one", BEATING, beats=True)) as supervisor:
        before = _state(supervisor, "one").pid
        os.kill(before, signal.SIGKILL)
        await until(lambda: _state(supervisor, "one").restarts == 1)
        await until(lambda: _state(supervisor, "one").state == "up", 10)
        after = _state(supervisor, "one")
        assert after.pid != before
        assert after.last_error == "was killed by SIGKILL"


async def test_a_frozen_process_is_noticed_and_brought_back(settings, monkeypatch):
    monkeypatch.setattr(heartbeat, "SILENCE_SECONDS", 2.0)
    async with _running(settings, _spec(settings, "one", BEATING, beats=True)) as supervisor:
        before = _state(supervisor, "one").pid
        os.kill(before, signal.SIGSTOP)
        await until(lambda: _state(supervisor, "one").restarts == 1)
        await until(lambda: _state(supervisor, "one").state == "up", 10)
        after = _state(supervisor, "one")
        assert after.pid != before
        assert "hung" in (after.last_error or "")


async def test_a_process_that_cannot_start_is_tried_ever_more_slowly(settings):
    failing = _spec(settings, "one", "raise SystemExit('no such thing')", probe=_no)
    async with _running(settings, failing) as supervisor:
        shown = _state(supervisor, "one")
        assert shown.state == "restarting"
        assert shown.last_error == "ended with code 1: no such thing"
        assert supervisor.status()["health"] == "degraded"


async def test_a_needed_process_that_cannot_start_ends_the_start_with_its_reason(settings):
    spec = _spec(settings, "one", "raise SystemExit('no such thing')", probe=_no)
    supervisor = Supervisor(settings, [Stage((spec,), needed=True)])
    with pytest.raises(StartFailed, match="no such thing"):
        await supervisor.start()
    await supervisor.close()


async def _no():
    return False


async def test_stopping_ends_even_a_stubborn_process_and_its_children(settings):
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); "
    spec = _spec(settings, "one", program + STUBBORN, stop_seconds=1.0)
    async with _running(settings, spec) as supervisor:
        parent = _state(supervisor, "one").pid
        await until(lambda: len(procfs.descendants(parent)) == 1)
        marks = [procfs.mark(pid) for pid in (parent, *procfs.descendants(parent))]
    await until(lambda: not any(mark.alive() for mark in marks if mark))
    assert running.find(settings.home) is None


async def test_processes_stop_in_the_reverse_order_of_starting(settings, tmp_path):
    order = tmp_path / "order"

    def telling(name):
        program = (
            "import signal, sys, time\n"
            f"def tell(*_): open({str(order)!r}, 'a').write({name!r}); sys.exit()\n"
            "signal.signal(signal.SIGTERM, tell); print('ready', flush=True); time.sleep(600)"
        )

        async def ready():
            log = settings.home / "log" / f"{name}.log"
            return log.exists() and "ready" in log.read_text()

        return _spec(settings, name, program, probe=ready)

    async with _running(settings, telling("a"), telling("b")):
        pass
    assert order.read_text() == "ba"


async def test_status_and_down_come_over_the_private_socket(settings):
    async with _running(settings, _spec(settings, "one", SLEEPING)) as supervisor:
        home = settings.home
        assert control.socket_path(home).parent.stat().st_mode & 0o077 == 0
        said = await asyncio.to_thread(control.ask, home, {"do": "status"})
        assert said["health"] == "ok"
        assert said["processes"][0]["pid"] == _state(supervisor, "one").pid
        assert "error" in await asyncio.to_thread(control.ask, home, {"do": "dance"})
        asked = asyncio.create_task(asyncio.to_thread(control.ask, home, {"do": "down"}))
        await asyncio.wait_for(supervisor.stop.wait(), 5)
    with pytest.raises(control.NotUp):
        await asyncio.to_thread(control.ask, settings.home, {"do": "status"})
    asked.cancel()


async def test_a_second_start_says_who_is_up_and_since_when(settings):
    async with _running(settings, _spec(settings, "one", SLEEPING)) as supervisor:
        with pytest.raises(CannotStart) as refused:
            look(settings)
        sentence = str(refused.value)
        assert f"process {os.getpid()} " in sentence
        assert supervisor.desk in sentence
        assert "make down" in sentence
        assert _state(supervisor, "one").state == "up"


async def test_http_and_tcp_probes_tell_an_answer_from_silence(settings):
    port = free_port()
    assert not await probes.tcp(port)
    assert not await probes.http(port, "/")
    server = _spec(
        settings, "web", f"import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port},"
        "bind='127.0.0.1')", probe=lambda: probes.http(port, "/"),
    )  # fmt: skip
    async with _running(settings, server) as supervisor:
        os.kill(_state(supervisor, "web").pid, signal.SIGSTOP)
        assert not await probes.http(port, "/", seconds=0.5)


def test_when_the_supervisor_is_killed_its_processes_die_too(settings):
    lone = subprocess.Popen(
        [sys.executable, "-c", _LONE, str(settings.home)], stdout=subprocess.PIPE, text=True
    )
    assert lone.stdout is not None
    told = next(line for line in lone.stdout if line.startswith("pids"))
    children = [procfs.mark(int(pid)) for pid in told.split()[1:]]
    assert all(mark and mark.alive() for mark in children)
    lone.kill()
    lone.wait()
    lone.stdout.close()
    deadline = time.monotonic() + 5
    while any(mark and mark.alive() for mark in children):
        assert time.monotonic() < deadline


def test_what_a_killed_supervisor_left_is_ended_at_the_next_start(settings):
    with subprocess.Popen([sys.executable, "-c", SLEEPING]) as left:
        mark = procfs.mark(left.pid)
        assert mark is not None
        settings.path("run")
        remains.write(settings.home, {"desk": mark})
        assert remains.end_all(settings.home) == ["desk"]
        assert left.wait(5) != 0
    assert remains.end_all(settings.home) == []


def test_a_reused_process_id_is_not_ended(settings):
    settings.path("run")
    stranger = procfs.ProcessMark(os.getpid(), 1)
    remains.write(settings.home, {"desk": stranger})
    assert remains.end_all(settings.home) == []


_LONE = """
import asyncio, json, sys
from rexian.app.supervisor.specs import Spec, Stage
from rexian.app.supervisor.supervisor import Supervisor
from rexian.kernel.settings import load_settings

async def main():
    settings = load_settings({}, overrides={"home": sys.argv[1]})
    sleeping = lambda: [sys.executable, "-c", "import time; time.sleep(600)"]
    specs = tuple(Spec(name, "test", sleeping, settings.root) for name in ("a", "b"))
    supervisor = Supervisor(settings, [Stage(specs)])
    await supervisor.start()
    print("pids", *(child.mark.pid for child in supervisor.children.values()), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
