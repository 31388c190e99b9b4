"""What robots say: sentences spoken once a run, a voice for each role."""

import tempfile
from functools import cache
from pathlib import Path

from ivr import sound
from ivr.voice import Espeak, Voice

VOICES: dict[str, Voice] = {
    "citizen": Espeak(pitch=62, words_a_minute=190),
    "seat": Espeak(pitch=35, words_a_minute=200),
}


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where this process keeps its sentences; gone when it ends."""
    return tempfile.TemporaryDirectory(prefix="rexian-speech-")


@cache
def spoken(role: str, text: str) -> Path:
    """Return the WAV file of a sentence in a role's voice."""
    folder = Path(_folder().name)
    file = folder / f"{role}-{len(list(folder.iterdir()))}.wav"
    samples = sound.resample(*VOICES[role].speak(text))
    file.write_bytes(sound.to_wav(sound.level(sound.trim(samples))))
    return file
