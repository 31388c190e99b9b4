"""`rexian audit verify`: every event as it was written, none removed, none swapped."""

import argparse
import asyncio

from rexian.app import wiring
from rexian.kernel import audit
from rexian.kernel.settings import Settings, load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `audit`."""
    parser = commands.add_parser("audit", help="check the event log")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="recompute all hash chains and signed roots")
    verify.set_defaults(run=run_verify)


def run_verify(_arguments: argparse.Namespace) -> int:
    """Verify; exit code 1 naming each bad row."""
    settings = load_settings()
    last = audit.last_file(settings.file("keys", "audit.pem"))
    if not last.exists():
        print(
            f"Note: there is no {last}; whether the newest signed roots are all there cannot be"
            " told. It is written at the next signing.\n"
            "提示：没有最近一次签名的记录文件，无法判断最新的签名是否完整；下次签名时会生成。"
        )
    faults = asyncio.run(_verify(settings))
    for fault in faults:
        print(f"{fault.table} row {fault.row}: {fault.problem}")
    print("事件日志完整，没有改动。" if not faults else f"发现 {len(faults)} 处问题。")
    return 1 if faults else 0


async def _verify(settings: Settings) -> list[audit.Fault]:
    db = wiring.connect(settings)
    try:
        key_file = settings.file("keys", "audit.pem")
        return await audit.verify(db, audit.load_key(key_file), audit.last_file(key_file))
    finally:
        await db.close()
