"""Listening: a prompt is found where it is, through noise, slips and the telephone's codec."""

import numpy as np
import pytest

from rexian.app.robots import audio


def voice(seed: int, seconds: float) -> audio.Samples:
    """Speech-like sound: noise in the telephone's band, in syllables."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(int(seconds * audio.RATE))
    smooth = np.convolve(noise, np.ones(4) / 4, mode="same")
    time = np.arange(len(smooth)) / audio.RATE
    result: audio.Samples = 0.1 * smooth * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))
    return result


def ulaw(samples: audio.Samples) -> audio.Samples:
    """Through G.711 µ-law and back."""
    mu = 255.0
    squeezed = np.sign(samples) * np.log1p(mu * np.abs(samples)) / np.log1p(mu)
    steps = np.round(squeezed * 127) / 127
    back: audio.Samples = np.sign(steps) * ((1 + mu) ** np.abs(steps) - 1) / mu
    return back


def line(prompt: audio.Samples, lead_s: float = 1.3, slip: int = 0) -> audio.Samples:
    """What a phone hears: silence, the prompt with `slip` samples lost in its middle, silence."""
    half = len(prompt) // 2
    kept = np.concatenate([prompt[:half], prompt[half + slip :]])
    rng = np.random.default_rng(9)
    heard = np.concatenate([np.zeros(int(lead_s * audio.RATE)), kept, np.zeros(audio.RATE)])
    return ulaw(heard) + 1e-4 * rng.standard_normal(len(heard))


def test_a_prompt_is_found_where_it_is():
    found = audio.match(voice(1, 5), line(voice(1, 5)))
    assert found.correlation > 0.99
    assert found.share == 1
    assert found.at == pytest.approx(1.3, abs=0.01)


def test_lost_packets_do_not_hide_it():
    found = audio.match(voice(1, 5), line(voice(1, 5), slip=320))
    assert found.correlation > 0.95
    assert found.share > 0.9


def test_drifting_clocks_do_not_hide_it():
    prompt = voice(7, 9)
    pieces = [prompt[at : at + 8000 - 320] for at in range(0, len(prompt), 8000)]
    found = audio.match(prompt, line(np.concatenate(pieces)))
    assert found.share > 0.8
    assert found.slip_ms > 30


def test_another_prompt_silence_and_nothing_are_not_it():
    assert audio.match(voice(1, 5), line(voice(2, 5))).correlation < 0.3
    assert audio.match(voice(1, 5), np.zeros(80_000)).correlation < 0.1
    assert audio.match(voice(1, 5), np.zeros(0)) == audio.NOTHING
    assert audio.match(np.zeros(8000), line(voice(2, 5))) == audio.NOTHING


def test_a_prompt_cut_short_is_heard_in_part():
    prompt = voice(3, 6)
    found = audio.match(prompt, line(prompt[: 2 * audio.RATE]))
    assert 0.2 < found.share < 0.45
    assert found.at == pytest.approx(1.3, abs=0.01)


def test_it_can_be_looked_for_from_a_moment_on():
    prompt = voice(4, 2)
    twice = np.concatenate([line(prompt), line(prompt)])
    assert audio.match(prompt, twice, begin=3.0).at == pytest.approx(5.6, abs=0.02)


def spoken(number: str) -> tuple[dict[str, audio.Samples], list[str], audio.Samples]:
    """Ten sounds, what is said, and what a phone hears of it."""
    sounds = {f"digit-{n}": voice(100 + n, 0.25 + 0.02 * n) for n in range(10)}
    gap = np.zeros(int(0.05 * audio.RATE))
    said = [f"digit-{mark}" for mark in number]
    parts = [part for name in said for part in (sounds[name], gap)]
    return sounds, said, line(np.concatenate(parts))


def test_digits_one_by_one_are_told_apart():
    sounds, wanted, heard = spoken("2026112100001")
    assert audio.recognised(sounds, heard, begin=1.2) == wanted
    assert audio.recognised(sounds, heard, begin=20) == []


def test_a_garbled_digit_is_left_out_and_a_wrong_one_is_not_forgiven():
    sounds, wanted, heard = spoken("2026112100005")
    at = int(1.3 * audio.RATE) + sum(len(sounds[name]) + 400 for name in wanted[:9])
    garbled = heard.copy()
    garbled[at : at + len(sounds["digit-0"])] = 0
    said = audio.recognised(sounds, garbled, begin=1.2)
    assert len(said) == 12
    assert audio.lacks_only(said, wanted, 2)
    assert not audio.lacks_only(said, wanted, 0)
    assert not audio.lacks_only([*wanted[:-1], "digit-7"], wanted, 2)
    assert not audio.lacks_only(wanted[:-3], wanted, 2)
    assert not audio.lacks_only([*wanted, "digit-1"], wanted, 2)


def test_a_tone_is_told_from_another_and_from_voice():
    heard = line(audio.make_tone(620, 4))
    assert audio.tone(heard, 620) > 0.95
    assert audio.tone(heard, 440) < 0.05
    assert audio.tone(line(voice(5, 4)), 620) < 0.2
    assert audio.tone(np.zeros(8000), 620) == 0
