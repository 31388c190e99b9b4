"""The virtual environment: made from a Python the service user can reach, filled from the locks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rexian.app.bootstrap import apt, commands
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.places import Places
from rexian.app.bootstrap.screen import StepView
from rexian.app.bootstrap.service_user import ServiceUser, unreachable_folder
from rexian.app.bootstrap.steps import Step, key_of

_PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
_WHEELS = ("python3-pip-whl", "python3-setuptools-whl")


def choose(user: ServiceUser) -> Path:
    """The first Python 3.11 or later that `user` can reach, the system's own before others."""
    candidates = [Path("/usr/bin/python3"), Path("/usr/local/bin/python3"), Path(sys.executable)]
    for candidate in candidates:
        real = candidate.resolve()
        if real.exists() and unreachable_folder(real.parent, user) is None and _recent(candidate):
            return candidate
    raise SetupError(
        f"No Python 3.11 or later that the user {user.name} can reach ({sys.executable} belongs "
        "to somebody else). Helps: apt-get install python3",
        f"用户 {user.name} 无法使用 Python 3.11 以上版本，请安装 python3。",
    )


def environment_step(places: Places, user: ServiceUser) -> Step:
    """The step that makes .venv with a pip in it."""
    python = choose(user)

    def work(view: StepView) -> str:
        if not (places.venv / "bin" / "python").exists() or not _has_pip(places):
            _make(places, python, view)
        return f"Python {_version(python)} from {python}"

    stamp = places.venv / "made.stamp"
    return Step("Virtual environment", stamp, key_of(str(python), _version(python)), work)


def packages_step(places: Places, *, tools: bool) -> Step:
    """The step that installs the locked packages; with `tools` also those of the tests."""
    names = ["run.lock", "dev.lock"] if tools else ["run.lock"]
    locks = [places.root / "requirements" / name for name in names]

    def work(view: StepView) -> str:
        total = sum(len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE)) for lock in locks)
        _pip(
            places,
            ["install", "--require-hashes", "--no-deps", "--progress-bar", "off",
             *(part for lock in locks for part in ("-r", str(lock)))],
            what="installing Python packages",
            on_line=_counter(view, total),
        )  # fmt: skip
        return f"{total} packages, checked against their hashes"

    title = "Python packages with test tools" if tools else "Python packages"
    stamp = places.venv / ("tools.stamp" if tools else "packages.stamp")
    return Step(title, stamp, key_of(*locks), work)


def project_step(places: Places) -> Step:
    """The step that links the clone itself into .venv (the command `rexian`)."""

    def work(view: StepView) -> str:
        view.say("linking")
        _pip(
            places,
            ["install", "--no-deps", "--no-build-isolation", "--no-index", "-e", str(places.root)],
            what="linking the clone",
        )
        return "command `rexian` in .venv/bin"

    key = key_of(places.root / "setup.py", str(places.root))
    return Step("The hotline itself", places.venv / "project.stamp", key, work)


def _make(places: Places, python: Path, view: StepView) -> None:
    view.say("making")
    shutil.rmtree(places.venv, ignore_errors=True)
    has_ensurepip = _answers([str(python), "-c", "import ensurepip, venv"])
    arguments = [] if has_ensurepip else ["--without-pip"]
    commands.run(
        [python, "-m", "venv", *arguments, places.venv],
        log=places.log,
        what="making the virtual environment",
    )
    if not has_ensurepip:
        _pip_from_debian(places, view)


def _pip_from_debian(places: Places, view: StepView) -> None:
    """Without python3-venv there is no ensurepip: Debian's pip wheel does the same work."""
    private = apt.PrivateApt(places.apt("pip"), apt.distribution_sources(), places.log)
    files = private.packages(view, list(_WHEELS), alone=True)
    draft = places.home / "apt" / "pip-root"
    apt.unpack(view, files, draft)
    wheels = draft / "usr" / "share" / "python-wheels"
    found = sorted(wheels.glob("pip-*.whl"))
    if not found:
        raise SetupError(
            "Debian's package python3-pip-whl holds no pip. Helps, as root: apt-get install "
            "python3-venv",
            "无法得到 pip，请以 root 身份安装 python3-venv。",
        )
    commands.run(
        [places.venv / "bin" / "python", found[-1] / "pip", "--no-input", "install", "--no-index",
         "--find-links", wheels, "pip", "setuptools"],
        log=places.log, what="installing pip", environment={"PYTHONPATH": _joined(wheels)},
    )  # fmt: skip
    shutil.rmtree(draft, ignore_errors=True)
    private.forget()


def _joined(wheels: Path) -> str:
    return ":".join(str(wheel) for wheel in sorted(wheels.glob("setuptools-*.whl")))


def _pip(
    places: Places,
    arguments: list[str],
    *,
    what: str,
    on_line: Callable[[str], None] | None = None,
) -> None:
    commands.run(
        [places.venv / "bin" / "python", *_PIP, *arguments],
        log=places.log,
        what=what,
        on_line=on_line,
        folder=places.root,
    )


def _counter(view: StepView, total: int) -> Callable[[str], None]:
    seen: set[str] = set()

    def read(line: str) -> None:
        words = line.split()
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            seen.add(words[1] if words[0] == "Collecting" else words[3])
            view.progress(len(seen), total, f"{len(seen)} of {total} fetched")
        elif line.startswith("Installing collected"):
            view.say(f"{total} fetched, installing")

    return read


def _recent(python: Path) -> bool:
    return _answers([str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])


def _has_pip(places: Places) -> bool:
    return _answers([str(places.venv / "bin" / "python"), "-c", "import pip"])


def _version(python: Path) -> str:
    asked = subprocess.run([str(python), "-V"], capture_output=True, text=True, check=False)
    return asked.stdout.strip().removeprefix("Python ")


def _answers(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
