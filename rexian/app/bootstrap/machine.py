"""Look at the machine before touching it: what is missing is said exactly, with what helps."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

from rexian.app.bootstrap.errors import SetupError

PYTHON = (3, 11)
MEGABYTE = 1024 * 1024
NEEDED_MB = {"run": (1100, 900), "check": (1300, 100), "test": (1300, 1700)}
"""Free space in MB that .venv and the home folder need when empty (measured, rounded up)."""


def check(root: Path, home: Path, purpose: str, *, complete: bool) -> str:
    """Raise SetupError with everything that is missing; return one line about the machine."""
    missing = [*_system(), *_programs()]
    if not complete:
        missing += _space(root, home, *NEEDED_MB[purpose])
    missing += _path(root)
    if missing:
        raise SetupError(
            "This machine lacks something:\n" + "\n".join(f"  - {line}" for line, _ in missing),
            "本机缺少必要条件：\n" + "\n".join(f"  - {line}" for _, line in missing),
        )
    return f"{os_name()}, Python {platform.python_version()}, {platform.machine()}"


def os_release() -> dict[str, str]:
    """The fields of /etc/os-release (os-release(5)); empty when there is no such file."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def os_name() -> str:
    """The name a person would give the system."""
    return os_release().get("PRETTY_NAME", platform.platform())


def is_debian() -> bool:
    """True on Debian itself, whose testing suite holds Asterisk."""
    return os_release().get("ID") == "debian"


def _system() -> list[tuple[str, str]]:
    if sys.platform != "linux" or not shutil.which("dpkg-deb"):
        return [
            (
                f"{os_name()} is not Debian or Ubuntu. The hotline is made for Debian 12 or later.",
                "操作系统不是 Debian 或 Ubuntu；请使用 Debian 12 或更高版本。",
            )
        ]
    if sys.version_info < PYTHON:
        return [
            (
                (
                    f"Python {platform.python_version()} is too old, 3.11 or later is needed "
                    "(Debian 12 has it). Another one: make run PYTHON=/path/to/python3.11"
                ),
                "Python 版本过低，需要 3.11 或更高版本。",
            )
        ]
    return []


def _programs() -> list[tuple[str, str]]:
    return [
        (
            f"The program '{name}' is not there. Helps: apt-get install {package}",
            f"缺少程序 {name}，请安装软件包 {package}。",
        )
        for name, package in (("apt-get", "apt"), ("dpkg-deb", "dpkg"), ("tar", "tar"))
        if not shutil.which(name)
    ]


def _space(root: Path, home: Path, for_venv: int, for_home: int) -> list[tuple[str, str]]:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if there.stat().st_dev == root.stat().st_dev:
        return _short(there, for_venv + for_home)
    return [*_short(root, for_venv), *_short(there, for_home)]


def _short(place: Path, needed: int) -> list[tuple[str, str]]:
    free = shutil.disk_usage(place).free // MEGABYTE
    if free >= needed:
        return []
    return [
        (
            (
                f"{place} has {free} MB free; the set-up needs {needed} MB there. Free some space, "
                "or put data and programs elsewhere: REXIAN_HOME=/folder make run"
            ),
            f"{place} 只剩 {free} MB，需要 {needed} MB；请清理空间或用 REXIAN_HOME 改到别处。",
        )
    ]


def _path(root: Path) -> list[tuple[str, str]]:
    bad = [sign for sign in ":\n\0\"'" if sign in str(root)]
    if not bad:
        return []
    return [
        (
            (
                f"The clone's path {root!s} contains {bad[0]!r}, which PATH and Asterisk cannot "
                "hold. Move the clone."
            ),
            "克隆目录的路径含有不允许的字符，请移动到其他目录。",
        )
    ]
