"""The sound of the telephone: band, level, length."""

import numpy as np
import pytest

from ivr import sound


def tone(hertz: float, seconds: float, rate: int, gain: float = 0.5) -> sound.Samples:
    return gain * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize("rate", [22_050, 16_000, 44_100, 48_000])
def test_resampling_keeps_the_voice_band_and_drops_what_would_fold_back(rate):
    kept = sound.resample(tone(1000, 1, rate), rate)
    assert len(kept) == pytest.approx(8000, abs=2)
    assert sound.measure(kept).rms_db == pytest.approx(-9.03, abs=0.2)
    spectrum = np.abs(np.fft.rfft(kept[:8000]))
    assert np.argmax(spectrum) == 1000
    folded = sound.resample(tone(6000, 1, rate), rate)
    assert np.sqrt(np.mean(folded[100:-100] ** 2)) < 0.5 * 10 ** (-50 / 20)


def test_trimming_and_levelling():
    quiet = np.concatenate([np.zeros(8000), tone(440, 1, 8000, gain=0.02), np.zeros(8000)])
    trimmed = sound.trim(quiet)
    assert len(trimmed) / 8000 == pytest.approx(1.08, abs=0.03)
    measured = sound.measure(sound.level(trimmed))
    assert measured.rms_db == pytest.approx(sound.TARGET_DB, abs=0.5)
    assert measured.peak <= sound.PEAK


def test_silence_stays_silence():
    nothing = np.zeros(8000)
    assert sound.measure(nothing).peak == 0
    assert sound.trim(nothing).size == 0
    assert not sound.level(nothing).any()


def test_a_wav_file_survives_the_round_trip(tmp_path):
    file = tmp_path / "tone.wav"
    samples = tone(700, 0.2, 8000)
    file.write_bytes(sound.to_wav(samples))
    again, rate = sound.from_wav(file)
    assert rate == 8000
    assert np.abs(again - samples).max() < 1e-4
