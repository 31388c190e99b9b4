"""Settings: layers, unknown keys, wrong values, and who is told what."""

from __future__ import annotations

import pytest

from rexian.kernel.errors import BadSetting
from rexian.kernel.settings import load_settings


def test_defaults_file_and_environment_in_that_order(tmp_path):
    (tmp_path / "rexian.toml").write_text("city = 'liupanshui'\n[ports]\ndesk = 1111\nsip = 2222\n")
    settings = load_settings({"REXIAN_HOME": str(tmp_path), "REXIAN_PORTS__DESK": "3333"})
    assert (settings.city, settings.ports.desk, settings.ports.sip) == ("liupanshui", 3333, 2222)
    assert settings.ports.fastagi == 4573


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"REXIAN_PORT__DESK": "1"}, "没有名为 port"),
        ({"REXIAN_PORTS__DESKS": "1"}, "REXIAN_PORTS__DESKS"),
        ({"REXIAN_PORTS__DESK": "eighty"}, "REXIAN_PORTS__DESK"),
        ({"REXIAN_CONFIG": "/no/such/file.toml"}, "/no/such/file.toml"),
    ],
)
def test_what_is_unknown_or_wrong_is_refused_by_name(env, says):
    with pytest.raises(BadSetting) as caught:
        load_settings(env)
    assert says in caught.value.sentence


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "rexian.toml").write_text("city = ")
    with pytest.raises(BadSetting, match="bad_setting") as caught:
        load_settings({"REXIAN_HOME": str(tmp_path)})
    assert "rexian.toml" in caught.value.sentence


def test_folders_are_private(settings):
    assert settings.path("recordings").stat().st_mode & 0o777 == 0o700
