"""What the log says about knowledge articles."""

from __future__ import annotations

from rexian.kernel.event_types import EventType, declare, integer, text_digest

TYPES = (
    EventType(
        "article.published",
        "article",
        "a new article, or a new version of one, is shown to agents",
        {"version": integer(1), "text": text_digest()},
    ),
)
declare(*TYPES)
