"""The rendered configuration keeps the security list, and the linter sees when it does not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from calls.asterisk_conf import SECRETS, Folders, asterisk_secrets, render, rendered
from calls.asterisk_install import Install
from calls.asterisk_lint import lint
from calls.asterisk_modules import ALLOWED, FORBIDDEN
from calls.identity import EMERGENCY, SEATS
from rexian.kernel.errors import BadSetting
from rexian.kernel.settings import Settings, load_settings

PASSWORDS = {name: f"{name}-0123456789abcdef" for name in SECRETS}


@pytest.fixture
def install(tmp_path: Path) -> Install:
    program = tmp_path / "asterisk"
    return Install(None, program, tmp_path / "modules", tmp_path / "share")


def files(settings: Settings, install: Install) -> dict[str, str]:
    folders = Folders.of(settings, settings.home / "asterisk" / "etc", install)
    return rendered(settings, PASSWORDS, folders)


def test_it_passes_its_own_linter(settings: Settings, install: Install) -> None:
    assert lint(files(settings, install)) == []


def test_it_writes_private_files(settings: Settings, install: Install) -> None:
    target = settings.home / "asterisk" / "etc"
    target.mkdir(parents=True)
    (target / "old.conf").write_text("left over")
    folders = render(settings, PASSWORDS, target, install=install)
    assert (target / "pjsip.conf").stat().st_mode & 0o777 == 0o600
    assert not (target / "old.conf").exists()
    assert (folders.music / "hold.wav").stat().st_size > 100_000
    assert os.access(folders.agi / "classic", os.X_OK)
    assert folders.recordings.stat().st_mode & 0o777 == 0o700


def test_every_seat_has_an_endpoint_bound_to_loopback(settings: Settings, install: Install) -> None:
    pjsip = files(settings, install)["pjsip.conf"]
    for seat in SEATS:
        assert f"[seat-{seat}](phone)" in pjsip
    assert "media_address = 127.0.0.1" in pjsip
    assert "bind_rtp_to_media_address = yes" in pjsip


def test_emergency_numbers_are_a_fixed_list(settings: Settings, install: Install) -> None:
    words = files(settings, install)["extensions.conf"]
    for number in EMERGENCY:
        assert f"Dial(Local/{number}@emergency-desk/n,60)" in words
    assert "Dial(${" not in words
    assert "Dial(PJSIP/${" not in words


def test_without_development_the_trunk_carries_emergency_calls(
    tmp_path: Path, install: Install
) -> None:
    live = load_settings({}, overrides={"home": str(tmp_path / "var"), "development": False})
    words = files(live, install)["extensions.conf"]
    assert "Dial(PJSIP/120@trunk,60)" in words
    assert "[emergency-desk]" not in words


BREAKS: list[tuple[str, Callable[[str], str]]] = [
    ("asterisk.conf", lambda w: w.replace("live_dangerously = no", "live_dangerously = yes")),
    ("asterisk.conf", lambda w: w.replace("maxcalls = 300", "")),
    ("modules.conf", lambda w: w + "load = app_system.so\n"),
    ("modules.conf", lambda w: w.replace("autoload = no", "autoload = yes")),
    ("manager.conf", lambda w: w.replace("bindaddr = 127.0.0.1", "bindaddr = 0.0.0.0")),
    ("manager.conf", lambda w: w.replace("write = originate", "write = originate,system")),
    ("manager.conf", lambda w: w.replace("deny = 0.0.0.0/0.0.0.0", "")),
    ("pjsip.conf", lambda w: w.replace("bind = 127.0.0.1:5070", "bind = 0.0.0.0:5070")),
    ("pjsip.conf", lambda w: w.replace("[seat-1001](phone)", "[1001](phone)")),
    ("pjsip.conf", lambda w: w.replace("[duty](secret)", "[other](secret)")),
    ("pjsip.conf", lambda w: w.replace(PASSWORDS["trunk"], "short")),
    ("pjsip.conf", lambda w: w.replace("bind_rtp_to_media_address = yes", "")),
    ("rtp.conf", lambda w: w.replace("strictrtp = yes", "strictrtp = no")),
    ("http.conf", lambda w: w.replace("enable_status = no", "enable_status = yes")),
    ("extensions.conf", lambda w: w + "exten => _X.,1,NoOp()\n"),
    ("extensions.conf", lambda w: w + " same => n,System(id)\n"),
    ("extensions.conf", lambda w: w + " same => n,Set(x=${SHELL(id)})\n"),
    ("extensions.conf", lambda w: w + " same => n,NoOp(${CALLERID(name)})\n"),
    ("extensions.conf", lambda w: w + " same => n,Set(x=${EXTEN})\n"),
    ("extensions.conf", lambda w: w + " same => n,Goto(nowhere-at-all,s,1)\n"),
    ("extensions.conf", lambda w: w.replace("Set(TIMEOUT(absolute)=${MENU_SECONDS})", "NoOp()")),
]


@pytest.mark.parametrize(("name", "break_it"), BREAKS)
def test_each_rule_is_watched(
    settings: Settings, install: Install, name: str, break_it: Callable[[str], str]
) -> None:
    made = files(settings, install)
    broken = break_it(made[name])
    assert broken != made[name]
    assert [fault.file for fault in lint(made | {name: broken})][:1] == [name]


def test_a_missing_file_is_a_fault(settings: Settings, install: Install) -> None:
    made = files(settings, install)
    del made["manager.conf"]
    assert str(lint(made)[0]) == "manager.conf:0 the file is missing"


@pytest.mark.parametrize("bad", ["x\n[general]", 'a"b', "a;b", "a`id`"])
def test_a_value_cannot_leave_its_line(settings: Settings, install: Install, bad: str) -> None:
    folders = Folders.of(settings, settings.home / "etc", install)
    with pytest.raises(BadSetting):
        rendered(settings, PASSWORDS | {"trunk": bad}, folders)


def test_a_missing_password_is_named(settings: Settings, install: Install) -> None:
    folders = Folders.of(settings, settings.home / "etc", install)
    with pytest.raises(BadSetting, match="duty"):
        rendered(settings, PASSWORDS | {"duty": ""}, folders)


def test_secrets_are_asked_for_by_name() -> None:
    asked = asterisk_secrets(lambda group, name: f"{group}/{name}")
    assert asked["seat-1012"] == "asterisk/seat-1012"
    assert set(asked) == set(SECRETS)


def test_nothing_allowed_is_forbidden() -> None:
    assert not set(ALLOWED) & FORBIDDEN
    assert len(ALLOWED) == len(set(ALLOWED))
