"""One process in the supervisor's hand: start, see it ready, watch it, bring it back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from rexian.app.services import procfs
from rexian.app.supervisor.heartbeat import Heartbeat
from rexian.app.supervisor.logfiles import LogFile
from rexian.app.supervisor.patience import Patience
from rexian.app.supervisor.restarts import Restarts
from rexian.app.supervisor.specs import Spec
from rexian.kernel.clock import Clock

_READY_POLL_SECONDS = 0.15
_FAULT_SECONDS = 3.0
"""How long a process that is ready may lack something (a port, say) before it is started anew."""


@dataclass(frozen=True, slots=True)
class ChildStatus:
    """What `rexian status` says about one process."""

    name: str
    purpose: str
    state: str  # waiting, starting, up, hung, restarting, stopping, stopped
    pid: int | None
    since: str | None  # ISO 8601 UTC: since when it is in this state
    restarts: int
    last_error: str | None


class Child:
    """Keeps the process of `spec` running until told to stop."""

    def __init__(self, spec: Spec, log: LogFile, clock: Clock) -> None:
        self.spec = spec
        self.log = log
        self.clock = clock
        self.ready = asyncio.Event()
        self.failed_starts = 0
        self.last_error: str | None = None
        self.mark: procfs.ProcessMark | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._heartbeat: Heartbeat | None = None
        self._restarts = Restarts()
        self._stopping = asyncio.Event()
        self._state = "waiting"
        self._since: datetime | None = None
        self.on_change: list[asyncio.Event] = []

    def status(self) -> ChildStatus:
        """How it is now."""
        return ChildStatus(
            name=self.spec.name,
            purpose=self.spec.purpose,
            state=self._state,
            pid=self.mark.pid if self.mark and self.mark.alive() else None,
            since=self._since.isoformat(timespec="seconds") if self._since else None,
            restarts=self._restarts.count,
            last_error=self.last_error,
        )

    async def run(self) -> None:
        """Start, watch, bring back; returns when it was stopped."""
        while not self._stopping.is_set():
            self._enter("starting" if self._restarts.count == 0 else "restarting")
            began = time.monotonic()
            reason = await self._live_once()
            self.ready.clear()
            if self._stopping.is_set():
                break
            self.last_error = reason
            self.log.note(f"supervisor: {self.spec.name} {reason}")
            was_up = self._state in {"up", "hung"}
            if self._state != "up":
                self.failed_starts += 1
            self._enter("restarting")
            pause = self._restarts.pause_after(time.monotonic() - began, was_up=was_up)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
        self._enter("stopped")

    async def stop(self) -> None:
        """End the process: its own way first, by force when its time is up."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._enter("stopping")
        below = procfs.descendants(process.pid)
        procfs.end(process.pid, self.spec.stop_signal)
        procfs.end(process.pid, signal.SIGCONT)  # a frozen process hears nothing else
        try:
            await asyncio.wait_for(process.wait(), self.spec.stop_seconds)
        except TimeoutError:
            self.last_error = f"did not stop within {self.spec.stop_seconds:.0f} s, was ended"
            self.log.note(f"supervisor: {self.spec.name} {self.last_error}")
            procfs.end(process.pid)
            await process.wait()
        for pid in below:
            procfs.end(pid)

    async def restart(self) -> None:
        """End the process by force; `run` brings it back."""
        if self._process is not None and self._process.returncode is None:
            procfs.end(self._process.pid)

    async def _live_once(self) -> str:
        """Start it and stay until it ends; the reason as a clause ("ended with code 1")."""
        try:
            await asyncio.to_thread(self.spec.prepare)
            process = await self._spawn()
        except Exception as error:  # noqa: BLE001 - any fault of one process must not end the others
            return f"could not be started: {error}"
        try:
            reason = await self._until_ready(process) or await self._watch(process)
        finally:
            if self._heartbeat is not None:
                self._heartbeat.close()
                self._heartbeat = None
        return reason

    async def _spawn(self) -> asyncio.subprocess.Process:
        self._heartbeat = Heartbeat() if self.spec.beats else None
        environment = dict(os.environ if self.spec.environment is None else self.spec.environment)
        passed = self._heartbeat.offer(environment) if self._heartbeat else ()
        self.spec.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.opened() as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.spec.folder,
                env=environment,
                pass_fds=passed,
                start_new_session=True,
                preexec_fn=procfs.die_with_parent(self.spec.death_signal),
            )
        if self._heartbeat:
            self._heartbeat.listen()
        self.mark = procfs.mark(self._process.pid)
        self._changed()
        if self._stopping.is_set():  # told to stop while it was being started
            procfs.end(self._process.pid, self.spec.stop_signal)
        return self._process

    async def _until_ready(self, process: asyncio.subprocess.Process) -> str | None:
        """None when it has become ready, else why it has not."""
        patience = Patience(process.pid, self.spec.start_seconds, self.spec.most_start_seconds)
        lacking: float | None = None
        ended = asyncio.create_task(process.wait())
        while not ended.done():
            reason = patience.ended()
            if (self._heartbeat is None or self._heartbeat.begun) and await self.spec.probe():
                reason = await self._fault(process)
                if reason is None:
                    ended.cancel()
                    return await self._settle(process)
                lacking = lacking or time.monotonic()
                if time.monotonic() - lacking < _FAULT_SECONDS:
                    reason = None
            if reason is not None:
                ended.cancel()
                await self._end_hung(process)
                return reason
            await asyncio.wait({ended}, timeout=_READY_POLL_SECONDS)
        return self._reason(process)

    async def _settle(self, process: asyncio.subprocess.Process) -> str | None:
        try:
            await asyncio.to_thread(self.spec.settle)
        except Exception as error:  # noqa: BLE001 - any fault of one process must not end the others
            await self._end_hung(process)
            return f"could not be set up: {error}"
        self._enter("up")
        self.failed_starts = 0
        self.ready.set()
        return None

    async def _watch(self, process: asyncio.subprocess.Process) -> str:
        ended = asyncio.create_task(process.wait())
        misses = 0
        while not ended.done():
            await asyncio.wait({ended}, timeout=self.spec.check_seconds)
            if ended.done() or self._stopping.is_set():
                await ended
                break
            reason = await self._trouble(process)
            misses = misses + 1 if reason else 0
            if misses >= self.spec.misses or (self._heartbeat and self._heartbeat.silent()):
                self._enter("hung")
                await self._end_hung(process)
                return f"{reason or 'hung (no answer)'} and was ended"
        return self._reason(process)

    async def _trouble(self, process: asyncio.subprocess.Process) -> str | None:
        """What is wrong with a process that was ready, None when all is well."""
        if not await (self.spec.alive or self.spec.probe)():
            return "hung (no answer)"
        return await self._fault(process)

    async def _fault(self, process: asyncio.subprocess.Process) -> str | None:
        """What a process that answers lacks; `rexian status` shows it from now on."""
        fault = await self.spec.fault(process.pid)
        if fault is not None:
            self.last_error = fault
        return fault

    async def _end_hung(self, process: asyncio.subprocess.Process) -> None:
        below = procfs.descendants(process.pid)
        procfs.end(process.pid)
        await process.wait()
        for pid in below:
            procfs.end(pid)

    def _reason(self, process: asyncio.subprocess.Process) -> str:
        code = process.returncode or 0
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        last = self.log.last_line()
        return f"ended with code {code}" + (f": {last}" if last else "")

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._since = self.clock.now()
            self._changed()

    def _changed(self) -> None:
        for event in self.on_change:
            event.set()
