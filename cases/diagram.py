"""Render the life of a case into docs/reference/cases.md: `python -m cases.diagram [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from cases.deadlines import DEFAULT_PROMISES, TIER_NAMES, Tier
from cases.lifecycle import TABLE
from cases.model import STATE_NAMES, State

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cases.md"
BEGIN, END = "<!-- lifecycle:begin -->", "<!-- lifecycle:end -->"


def table() -> str:
    """Give the transitions and the default promises as Markdown."""
    lines = ["| verb | 中文 | from | to |", "|---|---|---|---|"]
    for row in TABLE:
        sources = ", ".join(f"`{s}` {STATE_NAMES[s]}" for s in row.sources)
        target = f"`{row.target}` {STATE_NAMES[row.target]}"
        lines.append(f"| `{row.verb}` | {row.name} | {sources} | {target} |")
    lines += ["", "```mermaid", "stateDiagram-v2"]
    lines += [
        f"    {source} --> {row.target}: {row.verb}" for row in TABLE for source in row.sources
    ]
    lines += [f"    {State.CLOSED} --> [*]", "```", ""]
    lines += ["| tier | 中文 | default promise |", "|---|---|---|"]
    for tier in Tier:
        lines.append(f"| `{tier}` | {TIER_NAMES[tier]} | {DEFAULT_PROMISES[tier].in_words()} |")
    return "\n".join(lines)


def rendered(page: str) -> str:
    """Give the page with the part between the marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the page, or with --check return 1 when it is out of date."""
    page = PAGE.read_text(encoding="utf-8")
    fresh = rendered(page)
    if "--check" in arguments:
        return 0 if fresh == page else 1
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
