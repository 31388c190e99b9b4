"""Asterisk 20 or later: the distribution's own, else unpacked from Debian testing without root."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

from rexian.app.bootstrap import apt
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.places import Places
from rexian.app.bootstrap.screen import StepView
from rexian.app.bootstrap.steps import Step, key_of

OLDEST = 20
SYSTEM = Path("/usr/sbin/asterisk")
_LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}
_UNPACKING = "2"  # raise when the way of unpacking changes


def multiarch() -> str:
    """The folder of libraries below usr/lib, e.g. x86_64-linux-gnu."""
    return f"{platform.machine()}-linux-gnu"


def loader_command(root: Path) -> list[str]:
    """The command prefix that starts the unpacked Asterisk with its own C library."""
    name = _LOADERS.get(platform.machine(), "")
    loader = next(
        (path for path in (root / "lib64" / name, root / "lib" / name) if path.is_file()),
        root / "lib64" / name,
    )
    libraries = root / "usr" / "lib" / multiarch()
    return [
        str(loader), "--argv0", "asterisk",
        "--library-path", f"{libraries}:{root}/usr/lib",
        str(root / "usr" / "sbin" / "asterisk"),
    ]  # fmt: skip


def version_of(command: list[str]) -> tuple[int, str] | None:
    """Major version and full text that `asterisk -V` prints, or None when it does not run."""
    try:
        asked = subprocess.run(
            [*command, "-V"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"Asterisk (\S*?)(\d+)\.(\d\S*)", asked.stdout)
    return (int(found[2]), asked.stdout.strip()) if found else None


def system_version() -> str | None:
    """The distribution's Asterisk when it is recent enough, as text; else None."""
    found = version_of([str(SYSTEM)])
    return found[1] if found and found[0] >= OLDEST else None


def step(places: Places) -> Step:
    """The step that makes sure there is an Asterisk."""
    own = system_version()

    def work(view: StepView) -> str:
        if own is not None:
            return f"{own} of the distribution"
        return _unpack(places, view)

    stamp = places.asterisk / ".stamp"
    return Step("Asterisk", stamp, key_of(_UNPACKING, own or "unpacked"), work)


def _unpack(places: Places, view: StepView) -> str:
    private = apt.PrivateApt(places.apt("testing"), [apt.debian_testing()], places.log)
    files = private.packages(view, ["asterisk"])
    apt.unpack(view, files, places.asterisk)
    view.say("starting it once")
    found = version_of(loader_command(places.asterisk))
    if found is None:
        raise SetupError(
            f"The unpacked Asterisk in {places.asterisk} does not start; see {places.log}. "
            f"Helps: rm -r {places.asterisk} and run it again.",
            "解包后的 Asterisk 无法启动，请删除该目录后重新运行。",
        )
    private.forget()
    return f"{found[1]} unpacked from Debian testing"
