"""Where the set-up puts things, all below the clone: `.venv` and the home folder `var`."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Places:
    """The clone and its home folder."""

    root: Path
    home: Path

    @property
    def venv(self) -> Path:
        """Virtual environment with everything from requirements/*.lock."""
        return self.root / ".venv"

    @property
    def asterisk(self) -> Path:
        """Asterisk unpacked without root (where the distribution has none)."""
        return self.home / "asterisk" / "root"

    @property
    def fonts(self) -> Path:
        """Chinese fonts for fax pages and screenshots."""
        return self.home / "fonts"

    @property
    def chromium(self) -> Path:
        """Chromium unpacked without root (tests only)."""
        return self.home / "chromium-root"

    @property
    def programs(self) -> Path:
        """Small starters: `chromium`."""
        return self.home / "bin"

    @property
    def log(self) -> Path:
        """Everything the set-up's programs said."""
        return self.home / "log" / "set-up.log"

    def apt(self, name: str) -> Path:
        """A private set of apt folders."""
        return self.home / "apt" / name


def find(environ: dict[str, str] | None = None) -> Places:
    """The places of this clone; `REXIAN_HOME` moves the home folder."""
    env = os.environ if environ is None else environ
    return Places(ROOT, Path(env.get("REXIAN_HOME", ROOT / "var")).absolute())


def setting(places: Places, name: str) -> str | None:
    """One plain setting before pydantic is there: environment first, then var/rexian.toml."""
    from_environment = os.environ.get(f"REXIAN_{name.upper()}")
    if from_environment:
        return from_environment
    file = Path(os.environ.get("REXIAN_CONFIG", places.home / "rexian.toml"))
    try:
        value = tomllib.loads(file.read_text(encoding="utf-8")).get(name)
    except (OSError, tomllib.TOMLDecodeError):
        return None
    return None if value is None else str(value)
