"""Music on hold, synthesised: nobody's recording, so nobody's licence.

A slow pentatonic melody in soft plucked tones, 8 kHz mono 16-bit, about 40 seconds, at a level
well below speech so that a position announcement is heard without a jump.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 8000
BEAT_S = 0.6
PEAK = 0.16
#: Steps above C4 in semitones and beats; written for this project on the scale C D E G A.
MELODY: tuple[tuple[int | None, int], ...] = (
    (4, 2), (7, 1), (9, 1), (7, 2), (4, 1), (2, 1),
    (0, 2), (2, 1), (4, 1), (2, 3), (None, 1),
    (4, 2), (7, 1), (9, 1), (12, 2), (9, 1), (7, 1),
    (4, 2), (2, 1), (0, 1), (2, 1), (0, 3), (None, 2),
    (-3, 2), (0, 1), (2, 1), (4, 2), (2, 1), (0, 1),
    (2, 2), (4, 1), (7, 1), (4, 1), (2, 1), (0, 4), (None, 2),
)  # fmt: skip
BASS: tuple[int, ...] = (-12, -5, -12, -3, -12, -5, -8, -12)


def melody() -> NDArray[np.int16]:
    """Return the samples of one round."""
    import numpy as np  # here and below: only the first start of all makes music

    beats = sum(length for _, length in MELODY)
    samples = np.zeros(int((beats + 2) * BEAT_S * RATE_HZ), dtype=np.float64)
    at = 0
    for step, length in MELODY:
        if step is not None:
            _add(samples, at * BEAT_S, _tone(step, length * BEAT_S + 0.8))
        at += length
    for bar in range(beats // 4):
        _add(samples, bar * 4 * BEAT_S, 0.5 * _tone(BASS[bar % len(BASS)], 2.4))
    samples *= PEAK / np.max(np.abs(samples))
    return (samples * 32767).astype(np.int16)


def write(folder: Path) -> Path:
    """Write `hold.wav` into `folder` unless it is there, and return its path."""
    path = folder / "hold.wav"
    if not path.exists():
        partial = folder / "hold.part"
        with wave.open(str(partial), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(melody().tobytes())
        partial.replace(path)
    return path


def _tone(semitones: int, seconds: float) -> NDArray[np.float64]:
    import numpy as np

    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    pitch_hz = 261.63 * 2 ** (semitones / 12)
    overtones = ((1, 1.0, 2.2), (2, 0.35, 3.5), (3, 0.12, 5.0))
    sound = sum(
        (weight * np.sin(2 * np.pi * pitch_hz * n * time) * np.exp(-fade * time))
        for n, weight, fade in overtones
    )
    attack = np.minimum(time / 0.015, 1.0)
    release = np.minimum((seconds - time) / 0.05, 1.0)
    return np.asarray(sound * attack * release, dtype=np.float64)


def _add(samples: NDArray[np.float64], at_s: float, sound: NDArray[np.float64]) -> None:
    start = int(at_s * RATE_HZ)
    end = min(start + len(sound), len(samples))
    samples[start:end] += sound[: end - start]
