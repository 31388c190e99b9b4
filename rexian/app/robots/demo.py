"""The demonstration: robots make the first call, the terminal shows it, every step is verified."""

import tempfile
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError

from rexian.app.robots.checks import STEPS, Seen
from rexian.app.robots.plan import Plan, load_plan
from rexian.app.robots.timeline import Timeline, printer
from rexian.app.robots.tour import Tour
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.app.wiring import build
from rexian.kernel.errors import RexianError
from rexian.kernel.settings import Settings

PEOPLE = (
    ("agent1012", "坐席"),
    ("leader", "班长"),
    ("water", "承办单位：市水务局"),
    ("centre", "中心"),
    ("supervisor", "督办"),
    ("admin", "管理员"),
)


async def demonstrate(settings: Settings, console: Console, plan: Plan | None = None) -> Seen:
    """Run the tour on the running system and say what was seen. Never raises for what went wrong.

    The result's `complete` says whether every step was really seen.
    """
    plan = plan or load_plan()
    services = build(settings)
    timeline = Timeline(services.clock, printer(console))
    console.rule(f"[bold]{plan.title}[/]")
    with tempfile.TemporaryDirectory(prefix="rexian-demo-") as folder:
        tour = Tour(plan, services, timeline, Path(folder), DEVELOPMENT_PASSWORD)
        try:
            await tour.run()
        except RexianError as error:
            tour.seen.problems.append(f"{error.sentence}（{error}）")
        except (httpx.HTTPError, SQLAlchemyError, OSError) as error:
            tour.seen.problems.append(f"{type(error).__name__}: {error}")
        finally:
            await services.close()
    return tour.seen


def report(console: Console, found: Seen) -> None:
    """Print each step with what was seen and what was not."""
    console.rule("[bold]逐步核对[/]")
    for step in STEPS:
        missing = found.missing(step)
        mark = "[red]✗[/]" if missing else "[green]✓[/]"
        console.print(f"{mark} {step.number}. {step.title}", soft_wrap=True)
        for check, words in step.checks.items():
            proof = found.proofs.get((step.number, check))
            shown = f"[dim]{escape(proof)}[/]" if proof else "[red]没有看到[/]"
            console.print(f"     {words}：{shown}", soft_wrap=True)
    for problem in found.problems:
        console.print(f"[red]{escape(problem)}[/]", soft_wrap=True)
    verdict = "[green]九步全部看到。[/]" if found.complete else "[red]没有全部看到。[/]"
    console.print(verdict)


def addresses(console: Console, settings: Settings) -> None:
    """Print where to go now, and with which logins."""
    base = f"http://127.0.0.1:{settings.ports.desk}"
    console.rule("[bold]接下来可以看[/]")
    for path, words in (
        ("/", "登录"),
        ("/desk", "坐席通话屏"),
        ("/inbox", "承办单位待办"),
        ("/review", "中心审核"),
        ("/hotspots", "热点"),
        ("/approvals", "审批结果"),
    ):
        console.print(f"  {base}{path}  {words}", soft_wrap=True)
    if settings.development:
        logins = "、".join(f"{login}（{role}）" for login, role in PEOPLE)
        console.print(f"  登录名：{logins}；密码都是 {DEVELOPMENT_PASSWORD}", soft_wrap=True)
    console.print(
        f"  再打一通：rexian call 12345 --script FILE（SIP 127.0.0.1:{settings.ports.sip}）",
        soft_wrap=True,
    )
