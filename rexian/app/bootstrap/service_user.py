"""Which account the services run as: never root (PostgreSQL refuses it, and it is right)."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rexian.app.bootstrap import places

DEFAULT_NAME = "rexian"


class ServiceUserError(Exception):
    """The services have no account they could run as; the sentence says what helps."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """An account of this machine: name, user id, main group id."""

    name: str
    uid: int
    gid: int

    @property
    def is_current(self) -> bool:
        """True when this very process already runs as the account."""
        return os.geteuid() == self.uid

    @property
    def switch_uid(self) -> int | None:
        """`user=` for `subprocess.Popen`: None when no change is needed."""
        return None if self.is_current else self.uid

    @property
    def switch_gid(self) -> int | None:
        """`group=` for `subprocess.Popen`."""
        return None if self.is_current else self.gid

    @property
    def switch_groups(self) -> list[int] | None:
        """`extra_groups=` for `subprocess.Popen`: none of root's groups stay."""
        return None if self.is_current else []

    def own(self, path: Path) -> None:
        """Give `path` (one file or folder, not its content) to the account."""
        if not self.is_current:
            os.chown(path, self.uid, self.gid)

    def own_tree(self, path: Path) -> None:
        """Give `path` and everything below it to the account, without following links."""
        if self.is_current:
            return
        os.chown(path, self.uid, self.gid, follow_symlinks=False)
        for folder, names, files in os.walk(path):
            for name in (*names, *files):
                os.chown(Path(folder) / name, self.uid, self.gid, follow_symlinks=False)


def find(root: Path) -> ServiceUser | None:
    """The account for the clone at `root`, or None when root runs and none exists yet.

    An ordinary user is their own service user. For root the order is: the setting
    `service_user` (REXIAN_SERVICE_USER), the owner of the clone if that is not root, the account `rexian`.
    Raises ServiceUserError when the setting names nobody or names root.
    """
    if os.geteuid() != 0:
        return _by_uid(os.geteuid())
    wanted = places.setting(places.find(), "service_user")
    if wanted:
        return by_setting(wanted)
    owner = root.stat().st_uid
    if owner != 0:
        return _by_uid(owner)
    try:
        entry = pwd.getpwnam(DEFAULT_NAME)
    except KeyError:
        return None
    return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def find_or_create(root: Path) -> ServiceUser:
    """The account for the clone at `root`; as root creates the system user `rexian` if needed."""
    return find(root) or _create()


def unreachable_folder(path: Path, user: ServiceUser) -> Path | None:
    """The first folder on the way to `path` that `user` may not pass through, or None."""
    for folder in reversed((path, *path.parents)):
        if folder.exists() and not _may_pass(folder, user):
            return folder
    return None


def _may_pass(folder: Path, user: ServiceUser) -> bool:
    if user.uid == 0:
        return True
    info = folder.stat()
    if info.st_uid == user.uid:
        return bool(info.st_mode & 0o100)
    if info.st_gid == user.gid:
        return bool(info.st_mode & 0o010)
    return bool(info.st_mode & 0o001)


def _by_uid(uid: int) -> ServiceUser:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return ServiceUser(str(uid), uid, os.getgid())
    return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def by_setting(name: str) -> ServiceUser:
    """The account named by REXIAN_SERVICE_USER. Raises ServiceUserError for nobody and for root."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise ServiceUserError(
            f"REXIAN_SERVICE_USER names '{name}', and this machine has no such user.\n"
            f"Create it (useradd --system {name}) or unset REXIAN_SERVICE_USER.\n"
            f"本机没有用户 {name}，请先创建，或取消 REXIAN_SERVICE_USER。"
        ) from None
    if entry.pw_uid == 0:
        raise ServiceUserError(
            "REXIAN_SERVICE_USER names root: PostgreSQL refuses to run as root. "
            "Name an ordinary user.\n服务不能以 root 身份运行，请指定普通用户。"
        )
    return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create() -> ServiceUser:
    program = shutil.which("useradd") or "/usr/sbin/useradd"
    print(f"Creating the system user '{DEFAULT_NAME}': the services must not run as root.")
    made = subprocess.run(
        [program, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin",
         DEFAULT_NAME],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        entry = pwd.getpwnam(DEFAULT_NAME)
    except KeyError:
        raise ServiceUserError(
            f"Could not create the user '{DEFAULT_NAME}': {made.stderr.strip()}\n"
            "Run as an ordinary user, or name one: REXIAN_SERVICE_USER=NAME make run\n"
            "请改用普通用户运行，或用 REXIAN_SERVICE_USER 指定一个用户。"
        ) from None
    return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
