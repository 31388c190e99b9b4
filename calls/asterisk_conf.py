"""Asterisk's configuration: rendered from `asterisk-conf/*.j2`, written only when the linter agrees.

`render` fills a folder with everything Asterisk reads, and makes the folders it writes; starting
Asterisk is the supervisor's. Nothing outside `settings.home` and `target` is touched.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from calls import asterisk_modules, music
from calls.asterisk_install import Install
from calls.asterisk_lint import lint
from calls.identity import EMERGENCY, QUEUES, SEATS
from rexian.kernel.errors import BadSetting
from rexian.kernel.settings import Settings

SECRET_GROUP = "asterisk"  # noqa: S105 - the group's name in secrets.toml
SECRETS: tuple[str, ...] = (
    "trunk",
    "duty",
    "fax-line",
    "ami-follower",
    "ami-dialler",
    *(f"seat-{seat}" for seat in SEATS),
)
#: The events the follower hears; everything else Asterisk does not even send.
FOLLOWED_EVENTS: tuple[str, ...] = (
    "FullyBooted",
    "Shutdown",
    "Newchannel",
    "Hangup",
    "QueueCaller(Join|Leave|Abandon)",
    "QueueMember(Added|Removed|Pause|Status|Ringinuse|Penalty)",
    "Agent(Called|Connect|Complete|RingNoAnswer|Dump)",
    "ContactStatus",
    "OriginateResponse",
    "UserEvent",
)
RING_S = 20
CLASSIC_BUDGET_S = 45
QUEUE_LIMIT_S = 1800
ANNOUNCE_EVERY_S = 30


def asterisk_secrets(get: Callable[[str, str], str]) -> dict[str, str]:
    """Return all passwords of the configuration, asked of `get(group, name)` one by one."""
    return {name: get(SECRET_GROUP, name) for name in SECRETS}


@dataclass(frozen=True, slots=True)
class Folders:
    """Where this Asterisk reads and writes; all under `settings.home` but modules and `etc`."""

    etc: Path
    modules: Path
    lib: Path
    data: Path
    agi: Path
    spool: Path
    run: Path
    log: Path
    cache: Path
    music: Path
    prompts: Path
    recordings: Path
    fax_received: Path

    @classmethod
    def of(cls, settings: Settings, target: Path, install: Install) -> Folders:
        """Return the folders, making those that are ours (mode 0700)."""
        base = ("asterisk",)
        return cls(
            etc=target,
            modules=install.modules,
            lib=settings.path(*base, "lib"),
            data=settings.path(*base, "data"),
            agi=settings.path(*base, "agi"),
            spool=settings.path(*base, "spool"),
            run=settings.path(*base, "run"),
            log=settings.path(*base, "log"),
            cache=settings.path(*base, "cache"),
            music=settings.path(*base, "music"),
            prompts=settings.path("prompts", "zh"),
            recordings=settings.path("recordings"),
            fax_received=settings.path("fax", "received"),
        )


def render(
    settings: Settings,
    secrets: Mapping[str, str],
    target: Path,
    *,
    install: Install | None = None,
) -> Folders:
    """Write the whole configuration into `target` (0700, files 0600) and prepare the folders.

    Raises `BadSetting` when a value cannot stand in a configuration file, or when the linter
    finds a rule of the security list broken; then nothing is written.
    """
    install = install or Install.find(settings)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    folders = Folders.of(settings, target, install)
    files = rendered(settings, secrets, folders)
    faults = lint(files)
    if faults:
        listed = "；".join(str(fault) for fault in faults[:5])
        raise BadSetting(f"Asterisk 配置未通过检查：{listed}", setting="telephony")
    for name, words in files.items():
        _write(target / name, words)
    for stale in set(target.glob("*.conf")) - {target / name for name in files}:
        stale.unlink()
    _prepare(settings, folders, install)
    return folders


def rendered(settings: Settings, secrets: Mapping[str, str], folders: Folders) -> dict[str, str]:
    """Return the text of each file by its name; writes nothing."""
    values = _values(settings, secrets, folders)
    for value in _texts(values):
        if any(letter in value for letter in '\n\r\0;"`'):
            raise BadSetting("Asterisk 配置里不能有换行、引号或分号。", setting="telephony")
    environment = Environment(
        loader=FileSystemLoader(settings.root / "asterisk-conf"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML; values are checked above
    )
    return {
        name.removesuffix(".j2"): environment.get_template(name).render(values)
        for name in environment.list_templates(filter_func=lambda n: n.endswith(".conf.j2"))
    }


def _values(settings: Settings, secrets: Mapping[str, str], folders: Folders) -> dict[str, Any]:
    telephony = settings.telephony
    missing = [name for name in SECRETS if not secrets.get(name)]
    if missing:
        raise BadSetting(f"缺少 Asterisk 口令：{missing[0]}。", setting=f"secrets.{missing[0]}")
    return {
        "ports": settings.ports,
        "dirs": folders,
        "secrets": dict(secrets),
        "modules": asterisk_modules.ALLOWED,
        "followed_events": FOLLOWED_EVENTS,
        "seats": tuple(f"seat-{seat}" for seat in SEATS),
        "queues": QUEUES,
        "emergency_numbers": EMERGENCY,
        "development": settings.development,
        "system_name": telephony.system_name,
        "max_calls": telephony.max_calls,
        "menu_budget_s": telephony.menu_budget_s,
        "classic_budget_s": min(CLASSIC_BUDGET_S, telephony.menu_budget_s),
        "duty_after_s": telephony.duty_after_s,
        "area_code": telephony.area_code,
        "wrap_up_s": telephony.wrap_up_s,
        "fax_t38": telephony.fax_t38,
        "fax_station": "12345",
        "ring_s": RING_S,
        "queue_limit_s": QUEUE_LIMIT_S,
        "announce_every_s": ANNOUNCE_EVERY_S,
    }


def _texts(values: Mapping[str, Any]) -> list[str]:
    folders = values["dirs"]
    paths = [str(getattr(folders, name)) for name in Folders.__dataclass_fields__]
    plain = [value for value in values.values() if isinstance(value, str)]
    return [*paths, *plain, *values["secrets"].values()]


def _write(path: Path, words: str) -> None:
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(words)
    partial.replace(path)


def _prepare(settings: Settings, folders: Folders, install: Install) -> None:
    """Make what Asterisk expects beside its files: documentation, sounds, music, the script."""
    music.write(folders.music)
    (folders.lib / "keys").mkdir(mode=0o700, exist_ok=True)
    (folders.log / "cdr-csv").mkdir(mode=0o700, exist_ok=True)
    (folders.log / "cel-custom").mkdir(mode=0o700, exist_ok=True)
    for name in ("documentation", "rest-api", "static-http"):
        _link(folders.data / name, install.data / name)
    digits = folders.data / "sounds" / "zh" / "digits"
    digits.mkdir(mode=0o700, parents=True, exist_ok=True)
    for digit in "0123456789":
        _link(digits / f"{digit}.wav", folders.prompts / f"digit-{digit}.wav")
    script = folders.agi / "classic"
    python = Path(sys.executable)
    _write(
        script,
        "#!/bin/sh\n"
        "# Rendered by calls/asterisk_conf.py: the one-call-one-process menu (agi/classic.py).\n"
        f'cd "{settings.root}" || exit 1\n'
        f'REXIAN_HOME="{settings.home}" exec "{python}" -m agi.classic "$@"\n',
    )
    script.chmod(0o700)


def _link(link: Path, to: Path) -> None:
    if link.is_symlink() and link.readlink() == to:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(to)
