"""The supervisor: everything of one home folder, started in order, kept up, stopped in reverse."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rexian.app.bootstrap import running, service_user
from rexian.app.services import procfs, sockets
from rexian.app.supervisor import control, remains
from rexian.app.supervisor.child import Child
from rexian.app.supervisor.logfiles import LogFile
from rexian.app.supervisor.specs import Spec, Stage
from rexian.kernel.clock import Clock, SystemClock
from rexian.kernel.settings import Settings

_GIVE_UP_STARTS = 4
"""Failed first starts after which start-up stops waiting for a process."""
_HOUSEKEEPING_SECONDS = 5.0


class StartFailed(Exception):
    """A process nothing works without did not come up; the sentence names it and its log."""


class Supervisor:
    """Runs the processes of `stages`. One instance is one `rexian up`."""

    def __init__(
        self, settings: Settings, stages: Sequence[Stage], *, clock: Clock | None = None
    ) -> None:
        self.settings = settings
        self.stages = stages
        self.clock = clock or SystemClock()
        self.stop = asyncio.Event()
        self.children: dict[str, Child] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._since = self.clock.now()
        self._started = False
        self._background: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Start all stages. Raises StartFailed; whoever called ends with `close` either way."""
        self._open_house()
        late = [spec for stage in self.stages[1:] for spec in stage.specs]
        for stage in self.stages:
            beside = [asyncio.create_task(self._task(*task)) for task in stage.beside]
            self._background += beside
            for spec in stage.specs:
                self._begin(spec)
            for spec in late:
                if spec.early:
                    self._begin(spec)
            for spec in stage.specs:
                await self._wait_ready(self.children[spec.name], needed=stage.needed)
            await asyncio.gather(*beside, *(self._task(*task) for task in stage.tasks))
            if self.stop.is_set():
                return
        self._started = True

    async def close(self) -> None:
        """Stop everything in reverse order of starting, and leave no note behind."""
        for stage in reversed(self.stages):
            names = [spec.name for spec in stage.specs if spec.name in self.children]
            await asyncio.gather(*(self.children[name].stop() for name in names))
            await asyncio.gather(*(self._runs[name] for name in names))
        for task in self._background:
            task.cancel()
        if self._server is not None:
            self._server.close()
        control.socket_path(self.settings.home).unlink(missing_ok=True)
        remains.note_file(self.settings.home).unlink(missing_ok=True)
        running.withdraw(self.settings.home)

    async def open_control(self) -> None:
        """Listen for `rexian status` and `rexian down`."""
        user = service_user.find_or_create(self.settings.root)
        path = control.socket_path(self.settings.home)
        sockets.make(path.parent, user)
        self._server = await control.serve(path, self._answer)

    def status(self) -> dict[str, Any]:
        """All that `rexian status --json` prints."""
        processes = [
            {**asdict(status), "health": "ok" if status.state == "up" else status.state}
            for status in (child.status() for child in self.children.values())
        ]
        good = bool(processes) and all(item["state"] == "up" for item in processes)
        health = "ok" if good and self._started else "degraded" if self._started else "starting"
        return {
            "since": self._since.isoformat(timespec="seconds"),
            "desk": self.desk,
            "health": health,
            "development": self.settings.development,
            "processes": processes,
        }

    @property
    def desk(self) -> str:
        """Address of the web desk."""
        return f"http://127.0.0.1:{self.settings.ports.desk}/"

    def _open_house(self) -> None:
        home = self.settings.home
        self.settings.path("run")
        started = procfs.start_ticks(procfs.own_pid()) or 0
        running.announce(home, started=started, since=self._since, desk=self.desk)
        self._background.append(asyncio.create_task(self._keep_house()))

    def _begin(self, spec: Spec) -> None:
        if spec.name in self.children:
            return
        child = Child(spec, LogFile(self.settings.path("log"), spec.name), self.clock)
        child.on_change.append(self._changed)
        self.children[spec.name] = child
        self._runs[spec.name] = asyncio.create_task(child.run(), name=spec.name)

    async def _wait_ready(self, child: Child, *, needed: bool) -> None:
        while not (child.ready.is_set() or self.stop.is_set()):
            if child.failed_starts >= (2 if needed else _GIVE_UP_STARTS):
                self._say_down(child, needed=needed)
                return
            waits = [asyncio.create_task(child.ready.wait()), asyncio.create_task(self.stop.wait())]
            await asyncio.wait(waits, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        if child.ready.is_set():
            status = child.status()
            print(f"  ✓ {status.name:<10} {status.purpose} (process {status.pid})", flush=True)

    def _say_down(self, child: Child, *, needed: bool) -> None:
        sentence = f"{child.spec.name} {child.last_error}; its log: {child.log.path}"
        if needed:
            raise StartFailed(sentence)
        print(f"  ✗ {sentence}\n    Trying on in the background.", flush=True)

    async def _task(self, what: str, words: tuple[str, ...]) -> None:
        log = LogFile(self.settings.path("log"), words[0])
        before = log.size()
        with log.opened() as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rexian.app.cli", *words,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.settings.root, start_new_session=True,
                preexec_fn=procfs.die_with_parent(),
            )  # fmt: skip
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code != 0:
            raise StartFailed(f"{what} failed:\n{log.said_since(before)}\n  Its log: {log.path}")
        print(f"  ✓ {what}", flush=True)

    async def _keep_house(self) -> None:
        """Write the living children down when they change; keep log files small."""
        while True:
            try:
                async with asyncio.timeout(_HOUSEKEEPING_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                for child in self.children.values():
                    child.log.rotate()
                continue
            self._changed.clear()
            marks = {
                name: child.mark
                for name, child in self.children.items()
                if child.mark and child.mark.alive()
            }
            remains.write(self.settings.home, marks)

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        match question.get("do"):
            case "status":
                return self.status()
            case "down":
                self.stop.set()
                await self._all_stopped()
                return {"down": True}
            case "restart" if question.get("name") in self.children:
                await self.children[str(question["name"])].restart()
                return {"restarted": question["name"]}
            case _:
                return {"error": "unknown question"}

    async def _all_stopped(self) -> None:
        while any(not run.done() for run in self._runs.values()):
            await asyncio.wait(self._runs.values(), timeout=1.0)
