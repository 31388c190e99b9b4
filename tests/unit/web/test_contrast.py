"""The look's tokens keep WCAG 2.2 contrast (1.4.3 text 4.5:1, 1.4.11 borders 3:1), light and dark."""

import re
from pathlib import Path

import pytest

from rexian.kernel.settings import ROOT

TOKENS = Path(ROOT / "web" / "css" / "tokens.css").read_text(encoding="utf-8")

TEXT = [
    *[(ink, on) for ink in ("ink", "ink-2", "ink-3", "accent") for on in ("card", "ground")],
    *[(tone, f"{tone}-soft") for tone in ("ok", "warn", "bad", "accent")],
    *[(tone, on) for tone in ("ok", "warn", "bad") for on in ("card", "ground")],
    *[("ink", on) for on in ("ok-soft", "warn-soft", "bad-soft", "accent-soft", "mark")],
    *[("ink-2", on) for on in ("ok-soft", "warn-soft", "bad-soft", "accent-soft")],
    *[("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-bad", "bad")],
    *[(ink, on) for ink in ("bar-ink", "bar-ink-2") for on in ("bar", "bar-2")],
    *[(light, "bar") for light in ("bar-live", "bar-ok", "bar-warn")],
    ("bar-ink", "bar-bad"),
]
EDGES = [("line-strong", "card"), ("line-strong", "ground"), ("focus", "card"), ("focus", "ground")]


def tokens(theme: str) -> dict[str, str]:
    light, _, dark = TOKENS.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if theme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_itself_is_measured_right():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(theme, ink, ground):
    names = tokens(theme)
    assert contrast(names[ink], names[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_fields_and_focus_can_be_seen(theme, edge, ground):
    names = tokens(theme)
    assert contrast(names[edge], names[ground]) >= 3


def test_dark_has_a_value_for_every_colour_of_its_own():
    assert set(tokens("dark")) == set(tokens("light"))


@pytest.mark.parametrize("file", ["base.css", "parts.css", "desk.css"])
def test_colours_stand_in_the_tokens_only(file):
    text = (ROOT / "web" / "css" / file).read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?!-)", text) == []
