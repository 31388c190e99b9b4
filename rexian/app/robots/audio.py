"""Listening: whether a prompt is really what the phone received, and whether there is a tone.

A whole clip correlates badly because packets slip by a few milliseconds on the way; segments of
300 ms do not. So each voiced segment of the prompt is looked for around the place where the
prompt as a whole fits best, and the median says how well it was heard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE = 8_000
SEGMENT = 2_400
TONE_BLOCK = RATE // 10
"""300 ms."""
SLIP = 2_400
"""How far a segment may lie from the prompt's place: 300 ms, what a busy machine adds in 10 s."""
OVERLAP = 400
"""How far short sounds said one after the other may run into each other: 50 ms."""
HEARD = 0.8
"""Correlation from which a segment counts as heard."""

VOTERS = 8
"""Segments that are asked where a prompt lies."""
CLEAR = 0.9
"""Correlation from which a single short sound is that sound and no other."""

_HEADER = 44
_QUIET = 1e-3


@dataclass(frozen=True, slots=True)
class Match:
    """How well a prompt was heard.

    `correlation` is the median over its voiced segments, `share` the part of them above
    `HEARD`, `at` the second in the recording where the prompt begins, `slip_ms` the median
    distance of segments from that place: how far clocks drifted apart.
    """

    correlation: float
    share: float
    at: float
    slip_ms: float


NOTHING = Match(0.0, 0.0, 0.0, 0.0)


def read_so_far(file: Path | None) -> Samples:
    """Samples of a recording that may still be growing (its header is written at the end)."""
    if file is None or not file.exists():
        return np.zeros(0)
    content = file.read_bytes()[_HEADER:]
    return np.frombuffer(content[: len(content) // 2 * 2], dtype="<i2").astype(np.float64) / 32768


def match(prompt: Samples, heard: Samples, *, begin: float = 0.0) -> Match:
    """Find a prompt in what was heard from second `begin` on."""
    skipped = int(begin * RATE)
    heard = heard[skipped:]
    segments = _segments(prompt)
    if not segments or len(heard) < SEGMENT // 2:
        return NOTHING
    spectrum, size = _spectrum(heard, len(prompt))
    place, anchor = _place(prompt, segments, heard, spectrum, size)
    found = [
        *_follow(prompt, segments[anchor - 1 :: -1] if anchor else [], heard, place),
        *_follow(prompt, segments[anchor:], heard, place),
    ]
    correlations = np.array([correlation for correlation, _ in found])
    slips = [abs(slip) for correlation, slip in found if correlation >= HEARD] or [0]
    return Match(
        correlation=float(np.median(correlations)),
        share=float(np.mean(correlations >= HEARD)),
        at=(place + skipped) / RATE,
        slip_ms=float(np.median(slips)) * 1000 / RATE,
    )


def recognised(
    sounds: Mapping[str, Samples],
    heard: Samples,
    *,
    begin: float = 0.0,
    most_s: float = 30.0,
    least: float = 0.65,
) -> list[str]:
    """Which of `sounds` were heard from second `begin` on, in order, for `most_s` seconds.

    For digits said one by one: the clearest is taken first, what overlaps it is out, and so on.
    One that lost packets garbled correlates below `CLEAR`; it may be taken for a similar one
    (一 for 七) unless `least`, the correlation from which a sound is taken, is `CLEAR`.
    """
    part = heard[int(begin * RATE) : int((begin + most_s) * RATE)]
    peaks: list[tuple[float, int, str]] = []
    for name, piece in sounds.items():
        scores = _scores(piece, part)
        places = [int(place) for place in np.flatnonzero(scores >= least)]
        peaks += [(float(scores[place]), place, name) for place in places]
    taken: list[tuple[int, int, str]] = []
    for _, at, name in sorted(peaks, reverse=True):
        end = at + len(sounds[name])
        overlap = SLIP // 2
        if all(at >= last - overlap or end <= first + overlap for first, last, _ in taken):
            taken.append((at, end, name))
    return [name for _, _, name in sorted(taken)]


def lacks_only(said: Sequence[str], wanted: Sequence[str], most: int) -> bool:
    """Whether `said` is `wanted` with at most `most` left out: none wrong, none out of order."""
    rest = iter(wanted)
    return len(wanted) - len(said) <= most and all(one in rest for one in said)


def tone(heard: Samples, hertz: float) -> float:
    """Share of the energy of the voiced part that lies at `hertz` (Goertzel), 0…1.

    The median over blocks of 100 ms: a packet that slips breaks the phase of its block only.
    """
    loud = np.abs(heard) > _QUIET
    if not loud.any():
        return 0.0
    first, last = np.flatnonzero(loud)[[0, -1]]
    part = heard[first : last + 1]
    starts = range(0, len(part) - TONE_BLOCK + 1, TONE_BLOCK)
    blocks = [part[at : at + TONE_BLOCK] for at in starts]
    return float(np.median([_goertzel(block, hertz) for block in blocks])) if blocks else 0.0


def _goertzel(block: Samples, hertz: float) -> float:
    turns = np.exp(-2j * np.pi * hertz / RATE * np.arange(len(block)))
    power = abs(np.dot(block, turns)) ** 2 * 2 / len(block)
    energy = float(np.dot(block, block))
    return float(min(1.0, power / energy)) if energy > 0 else 0.0


def make_tone(hertz: float, seconds: float, *, gain: float = 0.3) -> Samples:
    """A sine, 8 kHz."""
    result: Samples = gain * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)
    return result


def _segments(prompt: Samples) -> list[int]:
    """Where the voiced segments of a prompt begin; a prompt shorter than one is one segment."""
    starts = range(0, max(1, len(prompt) - SEGMENT + 1), SEGMENT)
    power = np.array([np.mean(prompt[at : at + SEGMENT] ** 2) for at in starts])
    if not power.size or power.max() <= 0:
        return []
    return [at for at, one in zip(starts, power, strict=True) if one > power.max() * 0.05]


def _spectrum(heard: Samples, longest: int) -> tuple[NDArray[np.complex128], int]:
    size = 1 << (len(heard) + longest - 1).bit_length()
    return np.fft.rfft(heard, size), size


def _place(
    prompt: Samples,
    segments: list[int],
    heard: Samples,
    spectrum: NDArray[np.complex128],
    size: int,
) -> tuple[int, int]:
    """The place most segments agree on, within `SLIP`, and the segment that fits best there.

    A few of the segments say it as well as all of them, and every one costs a transform.
    """
    places: list[int] = []
    scores: list[float] = []
    asked = range(0, len(segments), -(-len(segments) // VOTERS))
    for number in asked:
        at = segments[number]
        piece = prompt[at : at + SEGMENT]
        found = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size)
        found = _normalised(found[: len(heard)], piece, heard)
        best = int(np.argmax(found))
        places.append(best - at)
        scores.append(float(found[best]))
    spots, weights = np.array(places), np.array(scores)
    votes = [float(weights[np.abs(spots - spot) <= SLIP].sum()) for spot in spots]
    near = np.abs(spots - spots[int(np.argmax(votes))]) <= SLIP
    chosen = int(np.argmax(np.where(near, weights, -1.0)))
    return int(spots[chosen]), asked[chosen]


def _normalised(scores: Samples, piece: Samples, heard: Samples) -> Samples:
    energy = np.concatenate([[0.0], np.cumsum(heard**2)])
    ends = np.minimum(np.arange(len(scores)) + len(piece), len(heard))
    there = np.sqrt(np.maximum(energy[ends] - energy[: len(scores)], 0.0))
    floor = _QUIET * np.sqrt(len(piece))
    result: Samples = scores / (np.linalg.norm(piece) * np.maximum(there, floor))
    return result


def _best(piece: Samples, window: Samples) -> tuple[float, int]:
    """Best correlation of a piece inside a window, and where."""
    scores = _scores(piece, window)
    best = int(np.argmax(scores)) if scores.size else 0
    return (float(scores[best]) if scores.size else 0.0), best


def _scores(piece: Samples, window: Samples) -> Samples:
    """Correlation of a piece at each place of a window."""
    if len(window) < len(piece) // 2:
        return np.zeros(0)
    spectrum, size = _spectrum(window, len(piece))
    scores = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size)[: len(window)]
    return _normalised(scores, piece, window)


def _follow(
    prompt: Samples, segments: Sequence[int], heard: Samples, place: int
) -> list[tuple[float, int]]:
    """Correlation and slip of each segment, each looked for where the last one led.

    On a busy machine clocks drift apart by hundreds of milliseconds over a long prompt.
    """
    found, drift = [], 0
    for at in segments:
        correlation, slip = _near(prompt[at : at + SEGMENT], heard, place + at + drift)
        drift += slip if correlation >= HEARD else 0
        found.append((correlation, drift))
    return found


def _near(piece: Samples, heard: Samples, place: int) -> tuple[float, int]:
    """Best correlation of a segment within `SLIP` of its place, and its distance from it."""
    first = max(0, place - SLIP)
    correlation, at = _best(piece, heard[first : place + len(piece) + SLIP])
    return correlation, first + at - place
