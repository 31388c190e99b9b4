"""Debian packages without root: private apt folders, download, unpack.

The mirror's address and the proxy are read from the machine's own apt configuration and never
written down here; signatures are checked with Debian's keyring. Nothing of the machine's own
package state is read or changed.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rexian.app.bootstrap import commands, machine
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.screen import StepView

CONFIGURATION = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_LINKED = ("bin", "lib", "lib64", "sbin")


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of a sources list: address, suite, components, extra options."""

    uri: str
    suite: str
    components: tuple[str, ...]
    options: str = ""

    def line(self) -> str:
        """The entry in apt's one-line form (sources.list(5)).

        A mirror on disk is read by `copy:`, which unlike `file:` puts the packages where we look.
        """
        uri = re.sub(r"^file:", "copy:", self.uri)
        return f"deb {self.options} {uri} {self.suite} {' '.join(self.components)}"


def machine_sources(folder: Path = CONFIGURATION) -> list[Source]:
    """Binary package sources of the machine, from one-line and deb822 files."""
    found: list[Source] = []
    for file in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]:
        if file.exists():
            found += _one_line(file.read_text(errors="replace"))
    for file in sorted((folder / "sources.list.d").glob("*.sources")):
        found += _deb822(file.read_text(errors="replace"))
    return found


def distribution_sources(folder: Path = CONFIGURATION) -> list[Source]:
    """Those of the machine's sources that carry its own release (no third parties)."""
    codename = machine.os_release().get("VERSION_CODENAME", "")
    return [
        source
        for source in machine_sources(folder)
        if codename and source.suite.split("-")[0].split("/")[0] == codename
        and "main" in source.components
    ]  # fmt: skip


def debian_testing(folder: Path = CONFIGURATION) -> Source:
    """Debian testing on the mirror this machine uses. Raises SetupError when there is none."""
    codename = machine.os_release().get("VERSION_CODENAME", "")
    for source in distribution_sources(folder):
        if source.suite == codename and machine.is_debian():
            options = f"[signed-by={KEYRING}]" if KEYRING.exists() else ""
            return Source(source.uri, "testing", ("main",), options)
    raise SetupError(
        "Asterisk 20 or later is not installed, and no Debian mirror is named in /etc/apt from "
        "which it could be unpacked. Helps: apt-get install asterisk (version 20 or later), or a "
        "line for Debian's main archive in /etc/apt/sources.list.",
        "没有 20 以上版本的 Asterisk，/etc/apt 中也没有 Debian 软件源；请先安装 Asterisk 或配置软件源。",
    )


def _one_line(text: str) -> Iterator[Source]:
    pattern = re.compile(r"^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]+)")
    for line in text.splitlines():
        match = pattern.match(line.strip())
        if match:
            options, uri, suite, components = match.groups()
            yield Source(uri, suite, tuple(components.split()), (options or "").strip())


def _deb822(text: str) -> Iterator[Source]:
    for paragraph in re.split(r"\n\s*\n", text):
        fields = _fields(paragraph)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        signed = fields.get("signed-by", "")
        options = f"[signed-by={signed}]" if signed.startswith("/") else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Source(uri, suite, tuple(fields.get("components", "").split()), options)


def _fields(paragraph: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')} {line.strip()}".strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


class PrivateApt:
    """apt with its own folders below `folder`, seeing only `sources`."""

    def __init__(self, folder: Path, sources: Sequence[Source], log: Path) -> None:
        self.folder = folder
        self.sources = sources
        self.log = log
        self._updated = False

    def packages(self, view: StepView, names: Sequence[str], *, alone: bool = False) -> list[Path]:
        """Download `names` with all they need (`alone`: without) and return the files."""
        self._update(view)
        archives = self.folder / "cache" / "archives"
        count = len(names) if alone else self._count(names)
        self._get(
            ["download", *names] if alone else ["-d", "-y", "install", *names],
            what=f"downloading {names[0]}",
            on_line=_percent(view, f"of {count} packages downloaded"),
            folder=archives,
        )
        files = sorted(archives.glob("*.deb"))
        if alone:
            files = [file for file in files if file.name.split("_")[0] in names]
        if not files:
            raise SetupError(
                f"The mirror gave no package for {', '.join(names)}; see {self.log}",
                "软件源没有所需的软件包，请查看日志。",
            )
        return files

    def forget(self) -> None:
        """Remove the downloaded files and lists."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _update(self, view: StepView) -> None:
        if self._updated:
            return
        view.say("reading the package lists")
        for name in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").write_text("")
        lines = "\n".join(source.line() for source in self.sources) + "\n"
        (self.folder / "sources.list").write_text(lines)
        self._get(["-q", "update"], what="reading the package lists")
        self._updated = True

    def _count(self, names: Sequence[str]) -> int:
        printed = subprocess.run(
            ["apt-get", *self._options(), "-s", "-q", "install", *names],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return len(re.findall(r"^Inst ", printed, re.MULTILINE))

    def _get(
        self,
        arguments: Sequence[str],
        *,
        what: str,
        on_line: Callable[[str], None] | None = None,
        folder: Path | None = None,
    ) -> None:
        commands.run(
            ["apt-get", *self._options(), "-o", "APT::Status-Fd=1", *arguments],
            log=self.log,
            what=what,
            on_line=on_line,
            environment={"DEBIAN_FRONTEND": "noninteractive"},
            folder=folder,
        )

    def _options(self) -> list[str]:
        values = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": _account(),
            "APT::Install-Recommends": "0",
            "APT::Get::List-Cleanup": "0",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Check-Valid-Until": "false",
            "Acquire::Retries": "3",
            "Acquire::http::Timeout": "30",
            "Binary::apt-get::APT::Keep-Downloaded-Packages": "1",
        }
        return [part for key, value in values.items() for part in ("-o", f"{key}={value}")]


def _account() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _percent(view: StepView, unit: str) -> Callable[[str], None]:
    def read(line: str) -> None:
        if line.startswith("dlstatus:"):
            percent = line.split(":")[2]
            view.progress(int(float(percent)), 100, unit)

    return read


def unpack(view: StepView, files: Sequence[Path], root: Path) -> None:
    """Unpack packages into `root`, whose bin, lib, lib64, sbin are links into usr/ (merged /usr)."""
    for name in _LINKED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        link = root / name
        if not link.is_symlink():
            link.symlink_to(f"usr/{name}")
    for number, file in enumerate(files, 1):
        view.progress(number, len(files), f"{number} of {len(files)} packages unpacked")
        pipe = (
            f"dpkg-deb --fsys-tarfile {shlex.quote(str(file))} | tar -x --keep-directory-symlink "
            f"--no-same-owner -C {shlex.quote(str(root))}"
        )
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", pipe], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SetupError(
                f"Could not unpack {file.name}: {done.stderr.strip()[-400:]}",
                f"软件包 {file.name} 解包失败，磁盘可能已满。",
            )
