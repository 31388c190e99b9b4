"""Set the clone up, then become the command: `python3 -m rexian.app.bootstrap run -- rexian up`.

The first word says what the set-up is for: `run` (the system), `check` (lints and unit tests),
`test` (also a browser). Everything after `--` is started from .venv/bin when all is there.
"""

from __future__ import annotations

import os
import shutil
import sys

from rexian.app.bootstrap import (
    asterisk,
    bytecode,
    chromium,
    fonts,
    machine,
    privileges,
    pythons,
    running,
    service_user,
    steps,
)
from rexian.app.bootstrap import (
    places as places_module,
)
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.places import Places
from rexian.app.bootstrap.screen import Screen
from rexian.app.bootstrap.service_user import ServiceUser, ServiceUserError
from rexian.app.bootstrap.steps import Step

PURPOSES = ("run", "check", "test")


def main(arguments: list[str]) -> int:
    """Set up and replace this process by the command. Returns 1 with a sentence when it cannot."""
    purpose, command = _parsed(arguments)
    screen = Screen()
    places = places_module.find()
    try:
        _set_up(purpose, command, places, screen, arguments)
    except (SetupError, ServiceUserError) as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nStopped. The next run goes on from here.\n已中止，下次运行会继续。", file=sys.stderr
        )
        return 130
    if command:
        _become(command, places)
    return 0


def _parsed(arguments: list[str]) -> tuple[str, list[str]]:
    if not arguments or arguments[0] not in PURPOSES:
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    command = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    return arguments[0], command


def _set_up(
    purpose: str, command: list[str], places: Places, screen: Screen, arguments: list[str]
) -> None:
    if command[:2] == ["rexian", "up"]:
        up = running.find(places.home)
        if up is not None:
            raise SetupError(*_halves(up.sentence()))
    screen.print(f"Setting up {places.root}")
    lanes = None
    about = machine.check(places.root, places.home, purpose, complete=_is_complete(places))
    screen.print(f"  ✓ Machine: {about}")
    user = service_user.find_or_create(places.root)
    bytecode.refresh(places)
    privileges.go_on_as(user, places, screen, arguments)
    privileges.ensure_home_variable(places)
    lanes = _lanes(purpose, places, user)
    faults = steps.run_lanes(screen, lanes)
    if faults:
        raise faults[0]


def _halves(sentence: str) -> tuple[str, str]:
    english, _, chinese = sentence.rpartition("\n")
    return english, chinese


def _is_complete(places: Places) -> bool:
    return (places.venv / "project.stamp").exists() and (places.home / "fonts" / ".stamp").exists()


def _lanes(purpose: str, places: Places, user: ServiceUser) -> list[list[Step]]:
    python_lane = [
        pythons.environment_step(places, user),
        pythons.packages_step(places, tools=purpose != "run"),
        pythons.project_step(places),
    ]
    if purpose == "check":
        return [python_lane]
    debian_lane = [asterisk.step(places), fonts.step(places)]
    if purpose == "test":
        debian_lane.append(chromium.step(places))
    return [python_lane, debian_lane]


def _become(command: list[str], places: Places) -> None:
    scripts = places.venv / "bin"
    cache = places.home / "cache"
    os.environ.pop("PYTHONHOME", None)
    os.environ.update(
        {
            "PATH": f"{scripts}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "VIRTUAL_ENV": str(places.venv),
            "REXIAN_CHROMIUM": str(places.programs / "chromium"),
            "RUFF_CACHE_DIR": str(cache / "ruff"),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(cache / "hypothesis"),
        }
    )
    if not bytecode.there(places) and not os.access(places.root, os.W_OK):
        os.environ["PYTHONPYCACHEPREFIX"] = str(cache / "pycache")
    sys.stdout.flush()
    program = shutil.which(command[0], path=os.environ["PATH"]) or command[0]
    os.chdir(places.root)
    os.execv(program, [program, *command[1:]])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
