"""Telephones for tests: loopback lines, tones, prompts to compare with."""

from pathlib import Path

from ivr import sound
from rexian.app.robots import audio
from rexian.app.robots.phone import Line


def bare_line(number: str, name: str = "") -> Line:
    """A phone that belongs to no server: it is called at its own address."""
    return Line(server="127.0.0.1", user="", password="", number=number, name=name)


def tone_file(folder: Path, hertz: float, seconds: float = 20) -> Path:
    """A WAV file with one tone."""
    file = folder / f"tone-{hertz:.0f}.wav"
    file.write_bytes(sound.to_wav(audio.make_tone(hertz, seconds)))
    return file
