"""Started by root: give the home folder to the service user and go on as that user."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from rexian.app.bootstrap import service_user
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.places import Places
from rexian.app.bootstrap.pythons import choose
from rexian.app.bootstrap.screen import Screen
from rexian.app.bootstrap.service_user import ServiceUser


def go_on_as(user: ServiceUser, places: Places, screen: Screen, arguments: list[str]) -> None:
    """Replace this process by one of `user` with the same arguments; returns only if it is ours.

    Raises SetupError when the user cannot reach the clone.
    """
    if user.is_current:
        _check_own_clone(places)
        return
    _check_reachable(user, places)
    command = [str(choose(user)), "-m", "rexian.app.bootstrap", *arguments]
    become(user, places, screen, command)


def become(user: ServiceUser, places: Places, screen: Screen, command: list[str]) -> NoReturn:
    """Replace this process of root by `command` of `user`, who gets the home folder."""
    screen.print(f"  Started by root: everything from here on runs as the user '{user.name}'.")
    _hand_over(user, places)
    environment = {
        **os.environ,
        "HOME": str(places.home / "home"),
        "USER": user.name,
        "LOGNAME": user.name,
    }
    sys.stdout.flush()
    os.chdir(places.root)
    os.setgroups([])
    os.setgid(user.gid)
    os.setuid(user.uid)
    os.umask(0o022)
    os.execve(command[0], command, environment)


def _check_own_clone(places: Places) -> None:
    if places.home.exists() and not os.access(places.home, os.W_OK):
        owner = places.home.stat().st_uid
        raise SetupError(
            f"{places.home} belongs to another user (id {owner}), perhaps because root started "
            f"the hotline here before. Helps, as root: chown -R $(id -un) {places.home} "
            f"{places.venv}",
            f"{places.home} 属于其他用户，请以 root 身份修改其属主。",
        )


def _check_reachable(user: ServiceUser, places: Places) -> None:
    for place in (places.root, places.home):
        folder = service_user.unreachable_folder(place, user)
        if folder is None:
            continue
        raise SetupError(
            f"The services run as the user '{user.name}', who cannot enter {folder}, on the way "
            f"to {place}. Helps: clone into a folder open to all (/srv, /opt), or: "
            f"chmod o+x {folder}; or name another user: REXIAN_SERVICE_USER=NAME make run",
            f"服务用户 {user.name} 无法进入 {folder}；请克隆到 /srv 等目录，或执行 chmod o+x {folder}。",
        )


def _hand_over(user: ServiceUser, places: Places) -> None:
    for folder in (places.home, places.home / "home", places.venv):
        folder.mkdir(parents=True, exist_ok=True)
    places.home.chmod(0o700)
    user.own_tree(places.home)
    user.own_tree(places.venv)
    metadata = places.root / "rexian.egg-info"
    metadata.mkdir(exist_ok=True)
    user.own_tree(metadata)


def ensure_home_variable(places: Places) -> None:
    """Give programs a HOME that exists and can be written, without touching a good one."""
    home = os.environ.get("HOME", "")
    if home and Path(home).is_dir() and os.access(home, os.W_OK):
        return
    folder = places.home / "home"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["HOME"] = str(folder)
