"""Chromium for the browser tests: the system's, else Debian's unpacked without root.

Either way `var/bin/chromium` starts it, with var/fonts known to fontconfig so that pages show
Chinese. The unpacked one runs on the machine's own C library (same suite).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from rexian.app.bootstrap import apt
from rexian.app.bootstrap.asterisk import multiarch
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.places import Places
from rexian.app.bootstrap.screen import StepView
from rexian.app.bootstrap.steps import Step, key_of

SYSTEM = Path("/usr/bin/chromium")
_STARTER = """\
#!/bin/sh
# Written by the set-up: starts {what} with the Chinese font of this clone.
export FONTCONFIG_FILE='{fontconfig}'
{environment}exec '{program}' "$@"
"""
_FONTCONFIG = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>{unpacked}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="same"><family>sans-serif</family><prefer>
    <family>DejaVu Sans</family><family>WenQuanYi Zen Hei</family></prefer></alias>
  <alias binding="same"><family>monospace</family><prefer>
    <family>DejaVu Sans Mono</family><family>WenQuanYi Zen Hei Mono</family></prefer></alias>
</fontconfig>
"""


def step(places: Places) -> Step:
    """The step that makes var/bin/chromium."""
    kind = "system" if SYSTEM.exists() else "unpacked"

    def work(view: StepView) -> str:
        if not SYSTEM.exists():
            _unpack(places, view)
        _write_starter(places)
        view.say("starting it once")
        return _version(places)

    return Step("Chromium", places.chromium / ".stamp", key_of(kind, "2", str(places.home)), work)


def _unpack(places: Places, view: StepView) -> None:
    private = apt.PrivateApt(places.apt("chromium"), apt.distribution_sources(), places.log)
    files = private.packages(view, ["chromium", "fonts-dejavu-core"])
    apt.unpack(view, files, places.chromium)
    private.forget()


def _write_starter(places: Places) -> None:
    places.programs.mkdir(parents=True, exist_ok=True)
    places.chromium.mkdir(parents=True, exist_ok=True)
    config = places.programs / "fonts.conf"
    config.write_text(
        _FONTCONFIG.format(
            fonts=places.fonts,
            unpacked=places.chromium,
            cache=places.home / "cache" / "fontconfig",
        ),
        encoding="utf-8",
    )
    starter = places.programs / "chromium"
    if SYSTEM.exists():
        text = _STARTER.format(
            what="the system's Chromium", fontconfig=config, environment="", program=SYSTEM
        )
    else:
        libraries = places.chromium / "usr" / "lib" / multiarch()
        paths = f"{libraries}:{libraries / 'pulseaudio'}:{places.chromium}/usr/lib/chromium"
        text = _STARTER.format(
            what="the unpacked Chromium",
            fontconfig=config,
            environment=f"export LD_LIBRARY_PATH='{paths}'\n",
            program=places.chromium / "usr" / "lib" / "chromium" / "chromium",
        )
    starter.write_text(text, encoding="utf-8")
    starter.chmod(0o755)


def _version(places: Places) -> str:
    asked = subprocess.run(
        [str(places.programs / "chromium"), "--version"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if asked.returncode != 0:
        shutil.rmtree(places.chromium, ignore_errors=True)
        raise SetupError(
            "The browser tests need Chromium, and Debian's package does not start unpacked on "
            f"this machine ({asked.stderr.strip()[-200:]}). Helps, as root: apt-get install "
            "chromium",
            "浏览器测试需要 Chromium，请以 root 身份安装：apt-get install chromium",
        )
    return asked.stdout.strip()
