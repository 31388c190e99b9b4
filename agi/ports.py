"""What the telephone door needs of other rooms; bound in `rexian.app.wiring`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ivr.machine import Facts, MenuSet


class Lookup(Protocol):
    """Answers a caller's look-up."""

    async def __call__(self, kind: str, arguments: Mapping[str, str]) -> Mapping[str, str] | None:
        """Return what is known, or None when there is no such thing.

        `kind` is `case_status` or `approval_status`. May raise and may be slow: the caller is
        then handed to a person.
        """
        ...


class Menus(Protocol):
    """Gives the menus as they are now (they are reloaded while calls go on)."""

    def __call__(self) -> MenuSet:
        """Return the menus a new call shall walk."""
        ...


class Situation(Protocol):
    """Says how things stand when a call comes in."""

    def __call__(self, line: str) -> Facts:
        """Return the facts for a new call on `line`."""
        ...


def by_day(line: str) -> Facts:  # noqa: ARG001 - the shape of Situation
    """Return the facts of an ordinary day: the `Situation` where no other is bound."""
    return Facts()


async def no_lookup(kind: str, arguments: Mapping[str, str]) -> Mapping[str, str] | None:  # noqa: ARG001
    """Know nothing and say so: the `Lookup` where no database is at hand."""
    raise LookupError(kind)
