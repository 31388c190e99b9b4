"""Second stage of the search: order what the index found, cut a snippet, mark the words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rexian.kernel.search import bigrams, normalise

SNIPPET = 90
_LEAD = 20
#: What a match is worth where: in the title, the keywords and summary, the body.
_TITLE, _KEYWORD, _BODY = 8.0, 4.0, 1.0
#: A whole query found in one piece counts this much more than its pieces.
_WHOLE = 3.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `hit` says that it matches what was asked."""

    text: str
    hit: bool


def score(query: str, *, title: str, keywords: Iterable[str], body: str) -> float:
    """Say how well an article answers `query`; larger is better, 0 is not at all."""
    words = set(bigrams(query))
    if not words:
        return 0.0
    whole = normalise(query).strip()
    total = 0.0
    for weight, place in ((_TITLE, title), (_KEYWORD, " ".join(keywords)), (_BODY, body)):
        low = normalise(place)
        share = sum(1 for word in words if word in low) / len(words)
        total += weight * share * (_WHOLE if whole in low else 1.0)
    return total


def marked(text: str, query: str) -> list[Piece]:
    """Split `text` into pieces that match a word of `query` and pieces that do not."""
    low = normalise(text)
    if len(low) != len(text):
        return [Piece(text, hit=False)]
    hits = bytearray(len(text))
    for word in set(bigrams(query)):
        at = low.find(word)
        while at >= 0:
            hits[at : at + len(word)] = b"\x01" * len(word)
            at = low.find(word, at + 1)
    pieces: list[Piece] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or hits[end] != hits[start]:
            pieces.append(Piece(text[start:end], hit=bool(hits[start])))
            start = end
    return pieces


def snippet(body: str, query: str, length: int = SNIPPET) -> list[Piece]:
    """Cut the part of `body` where most words of `query` stand together, and mark them."""
    plain = " ".join(body.split())
    low = normalise(plain)
    words = set(bigrams(query))
    starts = sorted({max(0, low.find(word) - _LEAD) for word in words if word in low}) or [0]
    best = max(starts, key=lambda s: sum(1 for word in words if word in low[s : s + length]))
    cut = plain[best : best + length]
    before, after = "…" if best else "", "…" if best + length < len(plain) else ""
    return marked(before + cut + after, query)
