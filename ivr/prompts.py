"""Build the prompts: text → voice → telephone sound, checked, and only what changed.

Files go to `var/prompts/zh/<id>.wav` (8 kHz, mono, 16-bit). A studio recording
`var/prompts/studio/<id>.wav` replaces the voice after the same checks.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ivr import sound
from ivr.texts import texts
from ivr.voice import Espeak, Voice
from rexian.kernel.errors import RexianError
from rexian.kernel.settings import Settings

RECIPE = 2
"""Raised when the treatment of the sound changes: everything is built again."""

LANGUAGE = "zh"
MANIFEST = "manifest.json"
STUDIO_RATES = (8_000, 16_000, 44_100, 48_000)

_SECONDS_A_CHARACTER = (0.08, 0.9)
_LEVEL_DB = (-27.0, -14.0)
_LEAST_VOICED = 0.25
_CLIPPED, _MOST_CLIPPED = 0.999, 0.002


class BadRecording(RexianError):
    """A recording or a spoken prompt fails its checks."""

    code = "bad_recording"
    status = 422
    default_sentence = "提示音不合格。"


@dataclass(frozen=True, slots=True)
class Built:
    """One prompt as it lies on disk; `source` is the voice's name or `studio`."""

    prompt: str
    source: str
    key: str
    seconds: float
    rms_db: float
    peak: float


@dataclass(slots=True)
class Report:
    """What a build did: `built` anew, `kept` as they were, `removed` because no text has them."""

    built: list[Built] = field(default_factory=list)
    kept: list[Built] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Seconds of sound in all prompts."""
        return sum(one.seconds for one in (*self.built, *self.kept))


def folder(settings: Settings) -> Path:
    """Where the prompts of the spoken language lie."""
    return settings.path("prompts", LANGUAGE)


def prompt_file(settings: Settings, prompt: str) -> Path:
    """The WAV file of a prompt; `tests` and robots compare what a phone heard with it."""
    return settings.home / "prompts" / LANGUAGE / f"{prompt}.wav"


def build(
    settings: Settings,
    *,
    voice: Voice | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Report:
    """Bring all prompts up to date. Raises `BadRecording` naming the first one that fails.

    `progress(done, of, prompt)` is called after each prompt.
    """
    target, studio = folder(settings), settings.path("prompts", "studio")
    speaker = voice or Espeak()
    before = _read_manifest(target)
    report = Report()
    wanted = texts()
    for done, (prompt, text) in enumerate(wanted.items(), 1):
        file, recording = target / f"{prompt}.wav", studio / f"{prompt}.wav"
        key = _key(text, recording, speaker.name)
        old = before.get(prompt)
        if old and old.key == key and file.exists():
            report.kept.append(old)
        else:
            report.built.append(_make(prompt, text, key, recording, speaker, file))
        if progress:
            progress(done, len(wanted), prompt)
    for prompt in sorted(set(before) - set(wanted)):
        (target / f"{prompt}.wav").unlink(missing_ok=True)
        report.removed.append(prompt)
    _write_manifest(target, [*report.built, *report.kept])
    return report


def _key(text: str, recording: Path, speaker: str) -> str:
    digest = hashlib.sha256(f"{RECIPE}\n{speaker}\n{text}\n".encode())
    if recording.exists():
        digest.update(recording.read_bytes())
    return digest.hexdigest()[:24]


def _make(prompt: str, text: str, key: str, recording: Path, speaker: Voice, file: Path) -> Built:
    if recording.exists():
        source, samples = "studio", _recorded(prompt, recording)
    else:
        source = speaker.name
        samples = sound.resample(*speaker.speak(text))
    samples = sound.level(sound.trim(samples))
    measured = sound.measure(samples)
    _check(prompt, text, measured)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(file, sound.to_wav(samples))
    return Built(
        prompt,
        source,
        key,
        round(measured.seconds, 2),
        round(measured.rms_db, 1),
        round(measured.peak, 3),
    )


def _recorded(prompt: str, recording: Path) -> sound.Samples:
    try:
        samples, rate = sound.from_wav(recording)
    except ValueError as error:
        raise BadRecording(f"录音 {recording.name} 不能用：{error}。", prompt=prompt) from error
    if rate not in STUDIO_RATES:
        rates = "、".join(map(str, STUDIO_RATES))
        raise BadRecording(
            f"录音 {recording.name} 不能用：采样率应为 {rates} 之一，实为 {rate}。", prompt=prompt
        )
    if np.mean(np.abs(samples) > _CLIPPED) > _MOST_CLIPPED:
        raise BadRecording(f"录音 {recording.name} 不能用：声音过大，已经削波失真。", prompt=prompt)
    return sound.resample(samples, rate)


def _check(prompt: str, text: str, measured: sound.Measure) -> None:
    """Length against the text, level, and that it is not mostly silence."""
    characters = sum("一" <= mark <= "鿿" for mark in text)
    least, most = (characters * seconds for seconds in _SECONDS_A_CHARACTER)
    problem = None
    if not least <= measured.seconds <= most + 0.5:
        problem = f"长 {measured.seconds:.1f} 秒，与 {characters} 个字不相称"
    elif not _LEVEL_DB[0] <= measured.rms_db <= _LEVEL_DB[1]:
        problem = (
            f"音量 {measured.rms_db:.0f} dBFS，应在 {_LEVEL_DB[0]:.0f} 到 {_LEVEL_DB[1]:.0f} 之间"
        )
    elif measured.voiced < _LEAST_VOICED:
        problem = "大部分是静音"
    if problem:
        raise BadRecording(f"提示音“{prompt}”不合格：{problem}。", prompt=prompt)


def _read_manifest(target: Path) -> dict[str, Built]:
    try:
        rows: list[dict[str, Any]] = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        return {row["prompt"]: Built(**row) for row in rows}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return {}  # nothing built yet, or by another version: everything is built again


def _write_manifest(target: Path, built: list[Built]) -> None:
    rows = [asdict(one) for one in sorted(built, key=lambda one: one.prompt)]
    content = json.dumps(rows, ensure_ascii=False, indent=1)
    _write(target / MANIFEST, content.encode())


def _write(file: Path, content: bytes) -> None:
    """Replace a file at once: a call that plays the old one plays it to its end."""
    new = file.with_name(file.name + ".new")
    new.write_bytes(content)
    new.replace(file)
