"""`rexian ivr play|lint|show`: try a menu as text, check all menus, draw one as a table."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console

from ivr.drawing import table
from ivr.lint import lint
from ivr.loader import MENUS, load_menus
from ivr.schema import BadMenu
from ivr.simulator import HANG_UP, Line, play
from ivr.texts import prompt_ids, texts
from ivr.types import Facts, LookupDone

LOOK = {
    "heard": "[bold cyan]听到[/]",
    "waits": "[dim]等待[/]",
    "looks-up": "[magenta]查询[/]",
    "pressed": "[yellow]按键[/]",
    "decided": "[bold green]结果[/]",
}


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `ivr` to the command line."""
    parser = commands.add_parser("ivr", help="voice menus: try as text, check, draw")
    verbs = parser.add_subparsers(dest="verb", required=True)
    played = verbs.add_parser("play", help="walk a line's menu in the terminal")
    played.add_argument("line", help="12345 or 96796")
    played.add_argument("--keys", help="keys without asking, separated by commas: '5,1,,h'")
    played.add_argument(
        "--state",
        default="signed",
        help="what a look-up finds: a state such as signed, or 'missing', or 'failed'",
    )
    played.add_argument("--situation", default="day", choices=("day", "night", "overload"))
    played.set_defaults(run=run_play)
    linted = verbs.add_parser("lint", help="find what is wrong with the menus")
    linted.set_defaults(run=run_lint)
    shown = verbs.add_parser("show", help="print a menu as a Markdown table")
    shown.add_argument("line")
    shown.set_defaults(run=run_show)
    for verb in (played, linted, shown):
        verb.add_argument("--menus", type=Path, default=MENUS, help="folder of menu files")


def run_play(arguments: argparse.Namespace) -> int:
    """Walk a menu; exit code 2 when the line has none."""
    console = Console(highlight=False)
    menus = load_menus(arguments.menus)
    if arguments.line not in menus.menus:
        console.print(f"线路 {arguments.line} 没有菜单。现有：{'、'.join(menus.menus)}")
        return 2
    menu = menus.menus[arguments.line]
    console.print(f"[bold]{menu.title}[/]  菜单第 {menu.version} 版，{menus.digest}")
    typed = arguments.keys.split(",") if arguments.keys is not None else _asked(console)
    facts = Facts(situation=arguments.situation)

    def answer(_kind: str, _arguments: Mapping[str, str]) -> LookupDone:
        return _found(arguments.state)

    for line in play(menus, arguments.line, typed, texts=texts(), answer=answer, facts=facts):
        if line.kind != "pressed" or arguments.keys is not None:
            _print(console, line)
    return 0


def run_lint(arguments: argparse.Namespace) -> int:
    """Check all menus; exit code 1 when there is an error."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        menus = load_menus(arguments.menus)
    except BadMenu as error:
        console.print(f"[red]错误[/] {error.sentence}")
        return 1
    findings = [one for menu in menus.menus.values() for one in lint(menu, prompt_ids())]
    for one in findings:
        colour = "red" if one.level == "error" else "yellow"
        console.print(f"[{colour}]{one.code}[/] {one.where}：{one.sentence}")
    errors = sum(one.level == "error" for one in findings)
    console.print(f"{len(menus.menus)} 个菜单，{errors} 个错误，{len(findings) - errors} 个提醒。")
    return 1 if errors else 0


def run_show(arguments: argparse.Namespace) -> int:
    """Print one menu as a Markdown table."""
    menus = load_menus(arguments.menus)
    if arguments.line not in menus.menus:
        print(f"线路 {arguments.line} 没有菜单。", file=sys.stderr)
        return 2
    print(table(menus.menus[arguments.line], texts()))
    return 0


def _found(state: str) -> LookupDone:
    if state == "failed":
        return LookupDone(None, failed=True)
    return LookupDone(None if state == "missing" else {"state": state})


def _print(console: Console, line: Line) -> None:
    console.print(f"{LOOK[line.kind]}  {line.text}")


def _asked(console: Console) -> Iterator[str]:
    while True:
        try:
            yield console.input(f"[yellow]按键[/]（回车=不按，{HANG_UP}=挂机）> ")
        except EOFError:
            return
