"""The entries of the side navigation; the wiring lists them, the layout shows what may be used."""

from __future__ import annotations

from dataclasses import dataclass

from rexian.kernel.access import Permission, may
from rexian.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry: where it leads, its Chinese label (a gettext key) and who sees it."""

    path: str
    label: str
    permission: Permission

    def current(self, path: str) -> bool:
        """Whether `path` is this page or one below it."""
        return path == self.path or path.startswith(self.path + "/")


def visible(items: tuple[NavItem, ...], actor: Actor | None) -> list[NavItem]:
    """The entries `actor` may use, in order."""
    if actor is None:
        return []
    return [item for item in items if may(actor, item.permission)]
