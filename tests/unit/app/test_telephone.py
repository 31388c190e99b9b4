"""What stays of the recording of a call that nobody answered."""

import wave

import pytest

from rexian.app.telephone import drop_empty


@pytest.mark.parametrize(("samples", "stays"), [(0, False), (8000, True)])
def test_only_a_recording_without_a_sample_is_removed(tmp_path, samples, stays):
    path = tmp_path / "1.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * samples)
    drop_empty(path)
    assert path.exists() is stays


def test_no_recording_at_all_is_no_error(tmp_path):
    drop_empty(tmp_path / "none.wav")
