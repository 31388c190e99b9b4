"""Where Asterisk's program, modules and documentation lie: unpacked beside us, or the system's."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rexian.kernel.errors import Unavailable
from rexian.kernel.settings import Settings

_LOADERS = {
    "x86_64": ("lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "aarch64": ("lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
}


@dataclass(frozen=True, slots=True)
class Install:
    """One Asterisk. `root` is the folder packages were unpacked into; None: the system's own."""

    root: Path | None
    program: Path
    modules: Path
    data: Path

    @classmethod
    def unpacked(cls, root: Path) -> Self:
        """Return the Asterisk unpacked from Debian's packages into `root`. Raises Unavailable."""
        triplet = _loader()[1]
        found = cls(
            root=root,
            program=root / "usr/sbin/asterisk",
            modules=root / "usr/lib" / triplet / "asterisk/modules",
            data=root / "usr/share/asterisk",
        )
        if not found.program.exists():
            raise Unavailable(f"在 {root} 没有找到 Asterisk，请重新运行 make run。", root=str(root))
        return found

    @classmethod
    def system(cls) -> Self | None:
        """Return the distribution's Asterisk, or None."""
        program = shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if program is None:
            return None
        triplet = _loader()[1]
        for folder in (f"/usr/lib/{triplet}/asterisk/modules", "/usr/lib/asterisk/modules"):
            if Path(folder).is_dir():
                return cls(None, Path(program), Path(folder), Path("/usr/share/asterisk"))
        return None

    @classmethod
    def find(cls, settings: Settings) -> Self:
        """Return the one under `var/asterisk/root`, else the system's. Raises Unavailable."""
        root = settings.home / "asterisk" / "root"
        if (root / "usr/sbin/asterisk").exists():
            return cls.unpacked(root)
        found = cls.system()
        if found is None:
            raise Unavailable("没有找到 Asterisk，请先运行 make run 完成安装。", root=str(root))
        return found

    def argv(self, *arguments: str) -> list[str]:
        """Return the command line of this Asterisk with `arguments`.

        An unpacked one runs through its own loader, so that it needs nothing of the machine's
        libraries.
        """
        return [*self._prefix(), str(self.program), *arguments]

    def _prefix(self) -> Sequence[str]:
        if self.root is None:
            return ()
        loader, triplet = _loader()
        libraries = f"{self.root}/usr/lib/{triplet}:{self.root}/usr/lib"
        return (str(self.root / loader), "--argv0", "asterisk", "--library-path", libraries)


def _loader() -> tuple[str, str]:
    try:
        return _LOADERS[platform.machine()]
    except KeyError:
        raise Unavailable(f"尚不支持处理器 {platform.machine()}。") from None
