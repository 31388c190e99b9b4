"""`rexian prompts build|list`: make what callers hear, and see where each prompt comes from."""

import argparse
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ivr.prompts import BadRecording, build, folder
from ivr.texts import texts
from ivr.voice import VoiceError
from rexian.kernel.settings import load_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `prompts` to the command line."""
    parser = commands.add_parser("prompts", help="what callers hear: build, list")
    verbs = parser.add_subparsers(dest="verb", required=True)
    built = verbs.add_parser(
        "build", help="speak what changed; var/prompts/studio/<id>.wav replaces a prompt"
    )
    built.set_defaults(run=run_build)
    listed = verbs.add_parser("list", help="all prompts with their texts")
    listed.set_defaults(run=run_list)


def run_build(_arguments: argparse.Namespace) -> int:
    """Build and report; exit code 1 when a prompt fails its checks."""
    console, settings = Console(highlight=False), load_settings()
    begun = time.monotonic()
    columns = (
        TextColumn("提示音"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[now]}"),
    )
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("", total=None, now="")
            report = build(
                settings,
                progress=lambda done, of, now: progress.update(
                    task, completed=done, total=of, now=now
                ),
            )
    except (BadRecording, VoiceError) as error:
        console.print(f"[red]{error.sentence}[/]")
        return 1
    took = time.monotonic() - begun
    for one in report.built:
        if one.source == "studio":
            console.print(f"  录音 {one.prompt}  {one.seconds:.1f} 秒  {one.rms_db:.0f} dBFS")
    console.print(
        f"提示音：新做 {len(report.built)}，未变 {len(report.kept)}，去掉 {len(report.removed)}，"
        f"共 {report.seconds:.0f} 秒的声音，用时 {took:.1f} 秒。{folder(settings)}"
    )
    return 0


def run_list(_arguments: argparse.Namespace) -> int:
    """Print every prompt id with its text."""
    for prompt, text in texts().items():
        print(f"{prompt:24} {text}")
    return 0
