"""Sound of the telephone: 8 kHz, mono, 16-bit PCM. Resampling, levelling, trimming, checking.

Samples are numpy arrays of float64 in -1…1. Levels are dBFS of the RMS over the voiced part.
"""

import io
import wave
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
"""Samples a second of a prompt file."""

TARGET_DB = -20.0
"""RMS of the voiced part: loud enough on a mobile phone, with room for the peaks."""
PEAK = 0.89
"""Highest sample after levelling (-1 dBFS)."""
FLOOR_DB = -45.0
"""Quieter than this, relative to the loudest 10 ms, counts as silence at the ends."""
MARGIN_S = 0.04
"""Silence kept at both ends."""

Samples = NDArray[np.float64]
_WINDOW = 80  # 10 ms
_HALF = 48  # taps of the low-pass on each side


@dataclass(frozen=True, slots=True)
class Measure:
    """What a prompt sounds like: seconds, RMS of the voiced part in dBFS, highest sample (0…1)."""

    seconds: float
    rms_db: float
    peak: float
    voiced: float


def resample(samples: Samples, rate: int, to: int = RATE) -> Samples:
    """Samples at another rate, through a windowed-sinc low-pass at 92 % of the lower Nyquist.

    22,050 → 8,000 Hz is 160/441: 160 filters, one for each place an output sample can have
    between two input samples, used in turn (a polyphase filter).
    """
    if rate == to or not samples.size:
        return samples
    common = gcd(rate, to)
    up, down = to // common, rate // common
    filters = _filters(up, 0.92 * min(rate, to) / 2 / rate)
    places = np.arange(0, (len(samples) - 1) * up, down)
    padded = np.pad(samples, _HALF)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HALF + 1)
    result = np.empty(len(places))
    for phase in range(up):  # every `up`-th output sample falls on the same filter
        chosen = places[phase::up]
        if chosen.size:
            result[phase::up] = windows[chosen // up] @ filters[chosen[0] % up]
    return result


def _filters(phases: int, cutoff: float) -> Samples:
    """Low-pass filters shifted by 0, 1/phases, 2/phases … of an input sample; Blackman window."""
    shift = np.arange(-_HALF, _HALF + 1)[None, :] - (np.arange(phases) / phases)[:, None]
    turn = np.pi * shift / (_HALF + 1)
    taps: Samples = np.sinc(2 * cutoff * shift) * (
        0.42 + 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn)
    )
    taps /= taps.sum(axis=1, keepdims=True)
    return taps


def envelope(samples: Samples) -> Samples:
    """RMS of each 10 ms of an 8 kHz signal."""
    whole = len(samples) // _WINDOW * _WINDOW
    blocks = samples[:whole].reshape(-1, _WINDOW)
    result: Samples = np.sqrt(np.mean(blocks**2, axis=1))
    return result


def trim(samples: Samples, rate: int = RATE) -> Samples:
    """Samples without the silence at the ends, but for `MARGIN_S`."""
    loud = envelope(samples)
    if not loud.size or not loud.max():
        return samples[:0]
    heard = np.flatnonzero(loud > loud.max() * 10 ** (FLOOR_DB / 20))
    margin = int(MARGIN_S * rate)
    first = max(0, int(heard[0]) * _WINDOW - margin)
    return samples[first : (int(heard[-1]) + 1) * _WINDOW + margin]


def level(samples: Samples) -> Samples:
    """Samples brought to `TARGET_DB`, or as near as `PEAK` allows; loud peaks are rounded off."""
    measured = measure(samples)
    if not measured.peak:
        return samples
    scaled = samples * 10 ** ((TARGET_DB - measured.rms_db) / 20)
    over = np.abs(scaled) > PEAK * 0.7
    knee = PEAK * 0.7
    rounded = np.sign(scaled) * (
        knee + (PEAK - knee) * np.tanh((np.abs(scaled) - knee) / (PEAK - knee))
    )
    result: Samples = np.where(over, rounded, scaled)
    return result


def measure(samples: Samples, rate: int = RATE) -> Measure:
    """Length, level and peak."""
    loud = envelope(samples)
    if not loud.size or not loud.max():
        return Measure(len(samples) / rate, -120.0, 0.0, 0.0)
    voiced = loud[loud > loud.max() * 10 ** (-30 / 20)]
    rms = float(np.sqrt(np.mean(voiced**2)))
    return Measure(
        seconds=len(samples) / rate,
        rms_db=float(20 * np.log10(rms)),
        peak=float(np.abs(samples).max()),
        voiced=len(voiced) / len(loud),
    )


def to_wav(samples: Samples) -> bytes:
    """An 8 kHz mono 16-bit WAV file."""
    ints = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(ints.tobytes())
    return file.getvalue()


def from_wav(file: Path | BinaryIO) -> tuple[Samples, int]:
    """Samples of a mono 16-bit WAV file and its rate. Raises `ValueError` saying what it is."""
    try:
        with wave.open(str(file) if isinstance(file, Path) else file, "rb") as source:
            shape = source.getnchannels(), source.getsampwidth()
            if shape != (1, 2):
                raise ValueError(f"应为单声道16位，实为{shape[0]}声道{shape[1] * 8}位")
            rate = source.getframerate()
            content = source.readframes(source.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"不是 PCM 编码的 WAV 文件（{error}）") from error
    return np.frombuffer(content, dtype="<i2").astype(np.float64) / 32768, rate
