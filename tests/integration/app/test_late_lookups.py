"""The menu server answers before its look-ups are loaded, and looks up once they are."""

import asyncio

from rexian.app.processes.agi import LateLookups
from rexian.kernel.settings import load_settings


async def test_a_look_up_waits_for_its_libraries_and_is_answered(cluster, database_name, tmp_path):
    url = cluster.url("rexian_app", database_name)
    lookups = LateLookups(load_settings({}, overrides={"home": str(tmp_path), "database_url": url}))
    asked = {"number": "2026112100001", "code": "000000"}
    try:
        first, second = await asyncio.gather(
            lookups("case_status", asked), lookups("approval_status", asked)
        )
        assert (first, second) == (None, None)
    finally:
        await lookups.close()
