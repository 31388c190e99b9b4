"""A real Asterisk for a test: own home, own ports, our rendered configuration, short prompts."""

from __future__ import annotations

import math
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from calls.asterisk_install import Install
from ivr.texts import prompt_ids
from rexian.app.services.asterisk import AsteriskRoot
from rexian.app.services.secrets import SecretStore
from rexian.kernel.settings import Settings, load_settings

RATE_HZ = 8000


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait for a condition with a deadline; returns its first true value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        threading.Event().wait(0.02)
    raise AssertionError(f"not within {seconds} s: {condition}")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def telephone_settings(home: Path, **telephony: object) -> Settings:
    """Settings with ports of their own, so that several Asterisks live side by side."""
    rtp = random.SystemRandom().randrange(20000, 31000, 400)
    return load_settings(
        {},
        overrides={
            "home": str(home),
            "telephony": {"wrap_up_s": 0, **telephony},
            "ports": {
                "fastagi": free_port(),
                "ami": free_port(),
                "sip": free_port(socket.SOCK_DGRAM),
                "asterisk_http": free_port(),
                "rtp_start": rtp,
                "rtp_end": rtp + 199,
                "udptl_start": rtp + 200,
                "udptl_end": rtp + 299,
            },
        },
    )


def write_tone(path: Path, seconds: float, pitch_hz: float = 440.0) -> None:
    """A short tone in the form of a prompt (8 kHz, mono, 16-bit)."""
    count = int(seconds * RATE_HZ)
    samples = (int(8000 * math.sin(2 * math.pi * pitch_hz * n / RATE_HZ)) for n in range(count))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


class RealAsterisk:
    """One Asterisk: start, stop, kill, freeze, ask."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        install = Install.find(load_settings({}))
        self.root = AsteriskRoot(settings, install)
        self.secrets = SecretStore(settings.file("secrets.toml"))
        self.process: subprocess.Popen[bytes] | None = None

    def secret(self, name: str) -> str:
        return self.secrets.get("asterisk", name)

    def make_prompts(self, seconds: float = 0.2) -> None:
        folder = self.settings.path("prompts", "zh")
        for prompt in prompt_ids():
            write_tone(folder / f"{prompt}.wav", seconds)

    def start(self) -> None:
        self.root.prepare()
        with self.settings.file("log", "asterisk.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.root.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until(self._booted, 30)

    def _booted(self) -> bool:
        asked = subprocess.run(
            self.root.rx_command("core waitfullybooted"), capture_output=True, check=False
        )
        return b"fully booted" in asked.stdout

    def rx(self, command: str) -> str:
        return self.root.rx(command)

    def channels(self) -> list[list[str]]:
        lines = self.rx("core show channels concise").splitlines()
        return [line.split("!") for line in lines if "!" in line]

    def in_application(self, name: str) -> list[list[str]]:
        """Channels that run the application `name` now."""
        return [one for one in self.channels() if one[5] == name]

    def messages(self) -> str:
        path = self.settings.home / "asterisk" / "log" / "messages.log"
        return path.read_text(errors="surrogateescape") if path.exists() else ""

    def queue_log(self) -> list[list[str]]:
        path = self.settings.home / "asterisk" / "log" / "queue_log"
        return [line.split("|") for line in path.read_text().splitlines()] if path.exists() else []

    def send_signal(self, number: int) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(10)
        self.process = None


@contextmanager
def running_asterisk(settings: Settings, *, prompt_s: float = 0.2) -> Iterator[RealAsterisk]:
    asterisk = RealAsterisk(settings)
    asterisk.make_prompts(prompt_s)
    asterisk.start()
    try:
        yield asterisk
    finally:
        asterisk.stop(signal.SIGKILL)
