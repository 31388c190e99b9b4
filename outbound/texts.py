"""The words of notices: Jinja2 templates in a sandbox, signed and cut to what a carrier takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sms.segment import MAX_PARTS, TextTooLong, segment, sign

TEMPLATES = Path(__file__).parent / "templates" / "notices"
#: A result SMS quotes at most so many characters of the reply: 8 parts in all.
QUOTED = 450


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, facts: Mapping[str, object]) -> str:
    """The text of `template` (a name without `.j2`), blank edges removed."""
    return _environment().get_template(f"{template}.j2").render(facts).strip()


def sms_text(template: str, facts: Mapping[str, object], signature: str) -> str:
    """A signed text for a phone, on one line."""
    return sign(" ".join(render(template, facts).split()), signature)


def quoting(words: str, text: Callable[[str], str], *, most: int = QUOTED) -> str:
    """`text(words)` with as much of `words` as the carrier's longest message holds.

    What is left out is shown by an ellipsis; the template says where the whole stands.
    """
    room = most
    while True:
        shown = words if len(words) <= room else _cut(words, room)
        whole = text(shown)
        try:
            segment(whole, reference=0, most=MAX_PARTS)
        except TextTooLong:
            if not shown:
                raise
            room = room * 3 // 4
            continue
        return whole


def _cut(words: str, room: int) -> str:
    return words[: room - 1].rstrip() + "…" if room > 1 else ""
