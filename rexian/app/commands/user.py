"""`rexian user password LOGIN`: give a login its first or a new password."""

import argparse
import asyncio
import getpass
import sys

from rexian.app import wiring
from rexian.kernel.errors import BadInput
from rexian.kernel.passwords import LONGEST
from rexian.kernel.settings import Settings, load_settings

SHORTEST = 10


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `user`."""
    parser = commands.add_parser("user", help="logins: give one a password")
    verbs = parser.add_subparsers(dest="verb", required=True)
    password = verbs.add_parser(
        "password",
        help="ask for a new password, unlock the login, end its sessions",
        description="Asks for the new password twice; where nobody types, reads it from one line"
        " of standard input.",
    )
    password.add_argument("login", help="as typed at sign-in: admin, centre, agent1001 …")
    password.set_defaults(run=run_password)


def run_password(arguments: argparse.Namespace) -> int:
    """Set it; exit code 1 when there is no such login."""
    settings = load_settings()
    login = arguments.login.strip().lower()
    password = checked(_typed() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n"))
    if not asyncio.run(_set(settings, login, password)):
        print(f"没有工号 {login}。\nThere is no login '{login}'.", file=sys.stderr)
        return 1
    print(
        f"{login} 的密码已设置，原有登录全部失效。\nThe password is set; all sessions have ended."
    )
    return 0


def checked(password: str) -> str:
    """Give it back. Raises `BadInput` when it is too short, too long or the development one."""
    from rexian.app.seed import DEVELOPMENT_PASSWORD

    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"密码应为 {SHORTEST} 至 {LONGEST} 个字符。", field="password")
    if password == DEVELOPMENT_PASSWORD:
        raise BadInput("这是公开的开发密码，请另设一个。", field="password")
    return password


def _typed() -> str:
    first = getpass.getpass("新密码 / new password: ")
    if getpass.getpass("再输一次 / again: ") != first:
        raise BadInput("两次输入的密码不一致，未作修改。", field="password")
    return first


async def _set(settings: Settings, login: str, password: str) -> bool:
    from directory.service import set_password

    services = wiring.build(settings, pool_size=1)
    try:
        return await set_password(services.db, login, password, clock=services.clock)
    finally:
        await services.close()
