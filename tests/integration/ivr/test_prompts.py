"""Prompts spoken by the real voice engine, and recordings in its place."""

import time
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr import sound
from ivr.prompts import BadRecording, build, prompt_file
from ivr.texts import texts
from ivr.voice import Espeak
from rexian.kernel.settings import Settings, load_settings


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return load_settings({}, overrides={"home": tmp_path_factory.mktemp("home")})


@pytest.fixture(scope="module")
def first(home):
    began = time.monotonic()
    report = build(home)
    return report, time.monotonic() - began


def test_all_prompts_are_spoken_in_time_and_at_one_level(home, first):
    report, seconds = first
    assert seconds < 15
    assert {one.prompt for one in report.built} == set(texts())
    assert all(abs(one.rms_db - sound.TARGET_DB) < 1 for one in report.built)
    with wave.open(str(prompt_file(home, "greeting-12345"))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)


def test_the_greeting_leaves_time_to_answer_within_fifteen_seconds(home, first):
    samples, rate = sound.from_wav(prompt_file(home, "greeting-12345"))
    assert len(samples) / rate < 10


def test_nothing_is_spoken_twice_and_a_lost_file_is_made_again(home, first):
    assert build(home).built == []
    prompt_file(home, "digit-7").unlink()
    assert [one.prompt for one in build(home).built] == ["digit-7"]


def recording(rate: int, *, gain: float = 0.3, channels: int = 1) -> bytes:
    rng = np.random.default_rng(1)
    samples = gain * rng.standard_normal(int(rate * 2.5)) * 0.5
    ints = (np.clip(samples, -1, 1) * 32767).astype("<i2").repeat(channels)
    return ints.tobytes()


def drop(home: Settings, prompt: str, rate: int, content: bytes, channels: int = 1) -> Path:
    file = home.path("prompts", "studio") / f"{prompt}.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(content)
    return file


def test_a_studio_recording_replaces_the_voice_and_goes_back(home, first):
    build(home)
    file = drop(home, "goodbye", 44_100, recording(44_100))
    (built,) = build(home).built
    assert (built.prompt, built.source) == ("goodbye", "studio")
    assert built.rms_db == pytest.approx(sound.TARGET_DB, abs=1)
    assert build(home).built == []
    file.unlink()
    (built,) = build(home).built
    assert built.source.startswith("espeak-ng")


@pytest.mark.parametrize(
    ("rate", "channels", "gain", "problem"),
    [
        (11_025, 1, 0.3, "采样率"),
        (44_100, 2, 0.3, "2声道"),
        (44_100, 1, 9.0, "削波"),
        (48_000, 1, 0.0, "秒"),
    ],
)
def test_a_bad_recording_is_refused_with_its_reason(home, first, rate, channels, gain, problem):
    build(home)
    file = drop(home, "goodbye", rate, recording(rate, gain=gain, channels=channels), channels)
    try:
        with pytest.raises(BadRecording) as caught:
            build(home)
    finally:
        file.unlink()
    assert problem in caught.value.sentence


def test_what_is_no_wav_at_all_is_refused(home, first):
    file = home.path("prompts", "studio") / "goodbye.wav"
    file.write_bytes(b"ID3 this is an mp3")
    try:
        with pytest.raises(BadRecording) as caught:
            build(home)
    finally:
        file.unlink()
    assert "WAV" in caught.value.sentence


def test_two_voices_in_one_process_do_not_disturb_each_other():
    high, low = Espeak(pitch=80), Espeak(pitch=20)
    first, rate = high.speak("请讲")
    low.speak("您好")
    again, _ = high.speak("请讲")
    assert rate == 22_050
    assert len(again) == pytest.approx(len(first), rel=0.01)
    assert low.name != high.name
