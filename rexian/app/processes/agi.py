"""The FastAGI server: menus for callers, on 127.0.0.1."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from agi.ports import Lookup
from agi.server import Door, serve
from ivr.loader import MenuLoader
from rexian.kernel.settings import Settings

if TYPE_CHECKING:
    from rexian.app.wiring import Services


class LateLookups:
    """The look-ups, imported while the first callers hear the greeting.

    The database's libraries take longer to import than all the rest of this process, and a killed
    menu server shall be back at once.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin to import in a thread; call it in the running loop."""
        self._settings = settings
        self._loaded = asyncio.create_task(asyncio.to_thread(self._load))

    async def __call__(self, kind: str, arguments: Mapping[str, str]) -> Mapping[str, str] | None:
        """Look up; a caller whose deadline passes meanwhile does not stop the import."""
        lookup, _ = await asyncio.shield(self._loaded)
        return await lookup(kind, arguments)

    async def close(self) -> None:
        """Give connections back."""
        _, services = await self._loaded
        await services.close()

    def _load(self) -> tuple[Lookup, Services]:
        from ivr.lookups import Lookups
        from rexian.app.wiring import build

        services = build(self._settings, pool_size=4)
        return Lookups(services.db, services.clock), services


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop`. The database may be away: whoever looks up then reaches a person."""
    lookups = LateLookups(settings)
    menus = MenuLoader()
    door = Door(menus=menus.current, prompts=settings.path("prompts", "zh"), lookup=lookups)
    await serve(door, settings.ports.fastagi, stop.wait())
    await lookups.close()
