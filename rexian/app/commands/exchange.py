"""`rexian exchange token|revoke NAME`: which systems may read the feed of cases."""

import argparse
import asyncio

from exchange import tokens
from rexian.app.wiring import build
from rexian.kernel.settings import load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `exchange`."""
    parser = commands.add_parser("exchange", help="API tokens of departments' systems")
    verbs = parser.add_subparsers(dest="verb", required=True)
    token = verbs.add_parser("token", help="make a token and show it once; an older one ends")
    token.add_argument("name", help="the system that will use it, for example water-bureau")
    token.set_defaults(run=run_token)
    revoke = verbs.add_parser("revoke", help="end a system's token at once")
    revoke.add_argument("name")
    revoke.set_defaults(run=run_revoke)


def run_token(arguments: argparse.Namespace) -> int:
    """Print the token and how to use it."""
    settings = load_settings()
    token = asyncio.run(_token(arguments.name))
    print(token)
    print(
        "只显示这一次，数据库里只存它的摘要。试用 / try:\n"
        f"  curl -H 'Authorization: Bearer {token}'"
        f" http://127.0.0.1:{settings.ports.desk}/exchange/v1/cases"
    )
    return 0


def run_revoke(arguments: argparse.Namespace) -> int:
    """End a token; exit code 1 when the system had none."""
    ended = asyncio.run(_revoke(arguments.name))
    print("已停用。" if ended else f"没有名为 {arguments.name} 的有效令牌。")
    return 0 if ended else 1


async def _token(name: str) -> str:
    services = build(load_settings(), pool_size=1)
    try:
        async with services.db.begin() as tx:
            return await tokens.issue(tx, name, at=services.clock.now())
    finally:
        await services.close()


async def _revoke(name: str) -> bool:
    services = build(load_settings(), pool_size=1)
    try:
        async with services.db.begin() as tx:
            return await tokens.revoke(tx, name, at=services.clock.now())
    finally:
        await services.close()
