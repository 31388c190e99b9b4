"""Write the generated pages of docs/, and check that docs and code agree.

`python -m rexian.app.commands.docs write` renders what comes from code (settings, events);
`… check` fails, naming file and line, when a generated page is stale, a link leads nowhere, a
documented command does not exist, or the Chinese README lacks a section of the English one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from rexian.app import event_catalogue
from rexian.kernel.settings import ROOT, Settings

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
MAKE = re.compile(r"`make ([a-z-]+)")
FENCE = re.compile(r"^\s*```")


def settings_page() -> str:
    """The settings reference, in the order of the classes."""
    lines = [
        "# Settings",
        "",
        "Generated from `rexian/kernel/settings.py` by `make docs`; do not edit.",
        "",
        "Later layers win: the defaults below, the file `var/rexian.toml` (or the one named by",
        "`REXIAN_CONFIG`), environment variables. Unknown keys are refused by name.",
        "`rexian settings` prints the values in force.",
        "",
    ]
    lines += _table("General", Settings, "REXIAN_")
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            summary = (group.__doc__ or "").strip()
            lines += _table(f"[{name}]", group, f"REXIAN_{name.upper()}__", summary)
    return "\n".join(lines)


def _table(title: str, model: type[BaseModel], prefix: str, summary: str = "") -> list[str]:
    lines = [f"## {title}", ""]
    if summary:
        lines += [summary, ""]
    lines += ["| key | environment | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            continue
        default = _default(field.default)
        lines.append(f"| `{name}` | `{prefix}{name.upper()}` | {default} | {field.description} |")
    return [*lines, ""]


def _default(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return "none"
    if isinstance(value, Path):
        inside = value.relative_to(ROOT) if value.is_relative_to(ROOT) else value
        return "the clone" if str(inside) == "." else f"`{inside}`"
    return f"`{value}`"


#: Generated pages: path under the clone, and what renders it.
PAGES = {
    "docs/reference/settings.md": settings_page,
    "docs/reference/events.md": event_catalogue.page,
}


def write() -> None:
    """Render every generated page."""
    for name, render in PAGES.items():
        (ROOT / name).write_text(render(), encoding="utf-8")
        print(f"wrote {name}")


def faults() -> Iterator[str]:
    """Everything in which docs and code disagree, as `file:line: what`."""
    for name, render in PAGES.items():
        file = ROOT / name
        if not file.exists() or file.read_text(encoding="utf-8") != render():
            yield f"{name}:1: stale, run `make docs`"
    pages = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in pages:
        yield from _page_faults(page, targets)
    yield from _twin_faults()


def _page_faults(page: Path, targets: set[str]) -> Iterator[str]:
    name = page.relative_to(ROOT)
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        for target in () if fenced else LINK.findall(line):
            if "://" not in target and not (page.parent / target).exists():
                yield f"{name}:{number}: link to {target} leads nowhere"
        for target in MAKE.findall(line):
            if target not in targets:
                yield f"{name}:{number}: there is no `make {target}`"


def _twin_faults() -> Iterator[str]:
    english, chinese = ROOT / "README.md", ROOT / "README.zh.md"
    if not (english.exists() and chinese.exists()):
        yield "README.md:1: README.md and README.zh.md must both exist"
        return
    levels = [
        [
            len(line.split(" ", 1)[0])
            for line in file.read_text().splitlines()
            if line.startswith("#")
        ]
        for file in (english, chinese)
    ]
    if levels[0] != levels[1]:
        yield "README.zh.md:1: its headings do not match README.md's"


def main(arguments: list[str]) -> int:
    """Run `write` or `check`; returns the exit code."""
    if arguments == ["write"]:
        write()
        return 0
    if arguments == ["check"]:
        found = list(faults())
        print("\n".join(found) if found else "docs agree with the code")
        return 1 if found else 0
    print("usage: python -m rexian.app.commands.docs write|check")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
