"""`rexian hotspots verify`: the report told anew from the event log equals the live one."""

import argparse
import asyncio

from hotspot.model import Spot
from hotspot.replay import replay
from hotspot.service import live
from rexian.app.wiring import build
from rexian.kernel.settings import load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `hotspots`."""
    parser = commands.add_parser("hotspots", help="check the hotspot figures")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="replay the events and compare")
    verify.set_defaults(run=run_verify)


def run_verify(_arguments: argparse.Namespace) -> int:
    """Compare; exit code 1 naming each line that differs."""
    told, shown = asyncio.run(_both())
    differing = sorted(key for key in told.keys() | shown.keys() if told.get(key) != shown.get(key))
    for topic, place in differing:
        print(f"{topic} {place or '-'}: 重放与在线不一致 / replay and live differ")
    if not differing:
        print(f"{len(shown)} 行，重放与在线一致 / replay equals live")
    return 1 if differing else 0


async def _both() -> tuple[dict[tuple[str, str], Spot], dict[tuple[str, str], Spot]]:
    services = build(load_settings(), pool_size=2)
    try:
        told = await replay(services.db, services.clock)
        async with services.db.begin() as tx:
            shown = await live(tx)
    finally:
        await services.close()
    return _by_key(told), _by_key(shown)


def _by_key(spots: list[Spot]) -> dict[tuple[str, str], Spot]:
    return {(spot.topic, spot.place): spot for spot in spots}
