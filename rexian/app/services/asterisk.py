"""Asterisk as the supervisor sees it: prepared, started, asked, found ready.

Where it lies is known by `calls.asterisk_install`, what it reads is rendered by
`calls.asterisk_conf`; the set-up (bootstrap.asterisk) unpacked it if the distribution had none.
"""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path

from calls import asterisk_conf
from calls.asterisk_install import Install
from rexian.app.services import ports
from rexian.app.services.secrets import SecretStore
from rexian.kernel.settings import Settings

_COMMAND_SECONDS = 5.0
_PROBE_SECONDS = 4.0
_GREETING_SECONDS = 2.0
_PORTS = frozenset({"ami", "sip", "asterisk_http"})


class PortTaken(Exception):
    """Somebody has a port Asterisk needs; the sentence says which and who."""


@dataclass(frozen=True, slots=True)
class AsteriskRoot:
    """The Asterisk of this machine with the configuration of this home folder."""

    settings: Settings
    install: Install

    @classmethod
    def find(cls, settings: Settings) -> AsteriskRoot:
        """The unpacked Asterisk, else the distribution's. Raises Unavailable when there is none."""
        return cls(settings, Install.find(settings))

    @property
    def configuration(self) -> Path:
        """Folder of the rendered configuration (astetcdir)."""
        return self.settings.home / "asterisk" / "etc"

    @property
    def control(self) -> Path:
        """The control socket of the running server."""
        return self.settings.home / "asterisk" / "run" / "asterisk.ctl"

    def prepare(self) -> None:
        """Render the configuration and clear the control socket that a killed server left.

        Raises PortTaken: Asterisk itself would come up without the port and look healthy.
        """
        taken = ports.taken(self._ports())
        if taken:
            raise PortTaken(" ".join(one.sentence() for one in taken))
        secrets = asterisk_conf.asterisk_secrets(
            SecretStore(self.settings.file("secrets.toml")).get
        )
        asterisk_conf.render(self.settings, secrets, self.configuration, install=self.install)
        self.control.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The server in the foreground, without colours."""
        return self.install.argv(*self._configured(), "-f", "-n")

    def rx_command(self, command: str) -> list[str]:
        """`asterisk -rx COMMAND`."""
        return self.install.argv(*self._configured(), "-n", "-rx", command)

    def rx(self, command: str) -> str:
        """Ask the running server; raises CalledProcessError when it is away."""
        return subprocess.run(
            self.rx_command(command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_COMMAND_SECONDS,
            check=True,
        ).stdout

    async def is_ready(self, seconds: float = _PROBE_SECONDS) -> bool:
        """True when all modules are loaded (`core waitfullybooted` answers in time)."""
        asked = await asyncio.create_subprocess_exec(
            *self.rx_command("core waitfullybooted"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            said, _ = await asyncio.wait_for(asked.communicate(), seconds)
        except TimeoutError:
            return False
        finally:
            if asked.returncode is None:
                asked.kill()
                await asked.wait()
        return asked.returncode == 0 and b"fully booted" in said

    async def is_alive(self) -> bool:
        """True when the manager interface greets or, should that be crowded, the console answers.

        The greeting costs no process: a busy machine must not look like a hung Asterisk, because
        ending that ends all calls.
        """
        return await self._greets() or await self.is_ready()

    async def fault(self, pid: int) -> str | None:
        """The ports that Asterisk, running as `pid`, does not hold, with who has them."""
        lacking = await asyncio.to_thread(ports.not_held, self._ports(), pid)
        return " ".join(lacking) or None

    async def _greets(self) -> bool:
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                reader, writer = await asyncio.open_connection(
                    ports.ADDRESS, self.settings.ports.ami
                )
                greeting = await reader.readline()
        except OSError:
            return False
        writer.close()
        return greeting.startswith(b"Asterisk")

    def _ports(self) -> list[ports.Wanted]:
        return [port for port in ports.wanted(self.settings) if port.setting in _PORTS]

    def _configured(self) -> tuple[str, str]:
        return "-C", str(self.configuration / "asterisk.conf")
