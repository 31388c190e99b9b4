"""Load the seed data: `await load_seed(db, settings)`. Running it again changes nothing.

In development (`settings.development`) seeded logins without a password get the one below, which
the start-up prints; elsewhere they stay without one, and nobody can sign in with them until an
administrator sets a password (`rexian user password LOGIN`). A database that was in development
before loses that password on every login that still has it.
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
from rexian.kernel.passwords import hash_password, verify_password
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
    if not settings.development:
        await _forget_development_password(db)


async def _forget_development_password(db: Database) -> None:
    async with db.begin() as tx:
        hashes = await directory_loader.password_hashes(tx)
    public = [
        one for one in hashes if await asyncio.to_thread(verify_password, DEVELOPMENT_PASSWORD, one)
    ]
    async with db.begin() as tx:
        await directory_loader.forget_passwords(tx, public)
