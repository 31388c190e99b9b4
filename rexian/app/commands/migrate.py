"""`rexian migrate`: the newest revision, the seed data where it is missing, the epoch."""

import argparse
import asyncio

from rexian.app import wiring
from rexian.app.migrate import migrate, note_prepared, open_new_epoch, prepared, state_of_sources
from rexian.app.services.secrets import DEVELOPMENT_TOKEN
from rexian.kernel.settings import Settings, load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `migrate`."""
    parser = commands.add_parser("migrate", help="bring the database up to date")
    parser.add_argument("--no-seed", action="store_true", help="leave out the city's seed data")
    parser.add_argument(
        "--again", action="store_true", help="look at everything although nothing has changed"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Migrate and seed; a database that is not ours is refused and left as it is."""
    settings = load_settings()
    owner = wiring.database_url(settings, "rexian_owner")
    state = state_of_sources(settings.city, str(settings.development))
    if not arguments.again and asyncio.run(prepared(owner)) == state:
        epoch = asyncio.run(open_new_epoch(owner))
        print(f"database as it was prepared, epoch {epoch}")
        return 0
    revision = migrate(owner)
    epoch = asyncio.run(open_new_epoch(owner))
    if not arguments.no_seed:
        asyncio.run(_seed(settings))
        asyncio.run(note_prepared(owner, state))
    print(f"database at revision {revision}, epoch {epoch}")
    return 0


async def _seed(settings: Settings) -> None:
    from rexian.app.seed import load_seed

    services = wiring.build(settings)
    try:
        await load_seed(services.db, settings, services.clock)
        if settings.development:
            await give_development_token(services)
    finally:
        await services.close()


async def give_development_token(services: wiring.Services) -> None:
    """Let whoever holds the token of var/secrets.toml read the exchange's feed (development)."""
    from exchange import tokens

    token = services.secrets.get(*DEVELOPMENT_TOKEN)
    async with services.db.begin() as tx:
        await tokens.ensure(tx, "development", token, at=services.clock.now())
