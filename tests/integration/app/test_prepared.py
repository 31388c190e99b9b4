"""A start that finds the database as it left it does nothing; the development token stands."""

from exchange import tokens
from rexian.app.commands.migrate import give_development_token
from rexian.app.migrate import note_prepared, prepared, state_of_sources
from rexian.app.services.secrets import DEVELOPMENT_TOKEN
from rexian.app.wiring import build
from rexian.kernel.settings import load_settings


def test_the_state_of_the_sources_depends_on_the_settings_too():
    assert state_of_sources("guiyang", "True") == state_of_sources("guiyang", "True")
    assert state_of_sources("guiyang", "True") != state_of_sources("guiyang", "False")


async def test_what_was_prepared_is_known_again_until_the_sources_change(owner_url):
    assert await prepared(owner_url) == ""
    for state in ("one", "two"):
        await note_prepared(owner_url, state)
        assert await prepared(owner_url) == state


async def test_an_empty_database_is_not_prepared(cluster):
    cluster.create_database("never_migrated")
    assert await prepared(cluster.url("rexian_owner", "never_migrated")) == ""
    cluster.drop_database("never_migrated")


async def test_the_development_token_opens_the_feed_and_stays_the_same(
    cluster, bare_database_name, tmp_path
):
    url = cluster.url("rexian_app", bare_database_name)
    services = build(load_settings({}, overrides={"home": str(tmp_path), "database_url": url}))
    token = services.secrets.get(*DEVELOPMENT_TOKEN)
    for _ in range(2):
        await give_development_token(services)
        async with services.db.begin() as tx:
            assert await tokens.system_of(tx, f"Bearer {token}") == "development"
    await services.close()
