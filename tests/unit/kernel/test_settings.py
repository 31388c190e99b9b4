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


@pytest.mark.parametrize(
    ("key", "value", "host"),
    [
        ("DATABASE_URL", "postgresql://owner:secret@db.example/hotline", "db.example"),
        ("DATABASE_URL", "postgresql://owner@127.0.0.1:1,10.0.0.7:2/hotline", "10.0.0.7"),
        ("DATABASE_URL", "postgresql:///hotline?hostaddr=192.0.2.7", "192.0.2.7"),
        ("DATABASE_URL", "postgresql://u@[2001:db8::7]:5432/hotline", "2001:db8::7"),
        ("SMS__HOST", "smsc.example", "smsc.example"),
        ("NOTICES__MAIL_HOST", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_development_is_refused_with_anything_on_another_machine(key, value, host):
    with pytest.raises(BadSetting) as caught:
        load_settings({f"REXIAN_{key}": value})
    assert host in caught.value.sentence
    assert "REXIAN_DEVELOPMENT=false" in caught.value.sentence
    assert "secret" not in str(caught.value) + caught.value.sentence
    assert not load_settings({f"REXIAN_{key}": value, "REXIAN_DEVELOPMENT": "false"}).development


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40x@127.0.0.1:25432/rexian",
        "postgresql://u@localhost/rexian",
        "postgresql://u@[::1]:5432/rexian",
        "postgresql://u@%2Frun%2Fpostgresql/rexian",
        "postgresql:///rexian?host=/run/postgresql",
    ],
)
def test_development_works_with_a_database_on_this_machine(url):
    assert load_settings({"REXIAN_DATABASE_URL": url}).database_url == url


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "rexian.toml").write_text("city = ")
    with pytest.raises(BadSetting, match="bad_setting") as caught:
        load_settings({"REXIAN_HOME": str(tmp_path)})
    assert "rexian.toml" in caught.value.sentence


def test_folders_are_private(settings):
    assert settings.path("recordings").stat().st_mode & 0o777 == 0o700
