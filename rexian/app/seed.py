"""Load the seed data: `await load_seed(db, settings)`. Running it again changes nothing.

In development (`settings.development`) seeded logins without a password get the one below, which
the start-up prints; elsewhere they stay without one, and nobody can sign in with them until an
administrator sets a password.
"""

from __future__ import annotations

import asyncio

from cases import loader as cases_loader
from cases.categories import leaves
from directory import loader as directory_loader
from knowledge import loader as knowledge_loader
from rexian.kernel.clock import Clock, SystemClock
from rexian.kernel.db import Database
from rexian.kernel.errors import BadSetting
from rexian.kernel.passwords import hash_password
from rexian.kernel.settings import Settings

#: Password of the seeded logins in development; the desk listens on 127.0.0.1 only.
DEVELOPMENT_PASSWORD = "guiyang-12345"  # noqa: S105 - documented, for development alone
CITIES = ("guiyang",)


async def load_seed(db: Database, settings: Settings, clock: Clock | None = None) -> None:
    """Insert or update places, departments, logins, categories, promises and articles.

    Raises `BadSetting` for a city without seed data.
    """
    if settings.city not in CITIES:
        known = "、".join(CITIES)
        raise BadSetting(f"没有城市 {settings.city} 的初始数据，可用：{known}。", setting="city")
    async with db.begin() as tx:
        await directory_loader.load(tx)
        await cases_loader.load(tx)
        codes = {category.path: category.code for category in await leaves(tx)}
        await knowledge_loader.load(tx, codes, (clock or SystemClock()).now())
        lacking = settings.development and await directory_loader.lacks_passwords(tx)
    if lacking:
        hashed = await asyncio.to_thread(hash_password, DEVELOPMENT_PASSWORD)
        async with db.begin() as tx:
            await directory_loader.give_development_password(tx, hashed)
