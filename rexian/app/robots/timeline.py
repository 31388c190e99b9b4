"""What happened when: printed as it happens, kept for the checks at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from rexian.kernel.clock import Clock

CHINA = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: `who` is citizen, seat, department, centre, system."""

    at: datetime
    who: str
    what: str
    proof: str = ""


COLOURS = {
    "市民": "cyan",
    "坐席": "yellow",
    "承办单位": "magenta",
    "中心": "blue",
    "系统": "white",
    "审批": "green",
}


class Timeline:
    """Collects moments and hands each to `show`."""

    def __init__(self, clock: Clock, show: Callable[[Moment], None] | None = None) -> None:
        """Begin now."""
        self._clock = clock
        self._show = show
        self.begun = clock.now()
        self.moments: list[Moment] = []

    def note(self, who: str, what: str, proof: str = "") -> Moment:
        """Something happened just now; `proof` says how it was seen."""
        moment = Moment(self._clock.now(), who, what, proof)
        self.moments.append(moment)
        if self._show:
            self._show(moment)
        return moment


def printer(console: Console) -> Callable[[Moment], None]:
    """Print a moment as one line: time in Guiyang, who, what, how it was seen."""

    def show(moment: Moment) -> None:
        time = moment.at.astimezone(CHINA).strftime("%H:%M:%S.%f")[:-5]
        who = moment.who + "\u3000" * (4 - len(moment.who))
        colour = COLOURS.get(moment.who, "white")
        proof = f"  [dim]{escape(moment.proof)}[/]" if moment.proof else ""
        console.print(
            f"[dim]{time}[/] [{colour}]{who}[/] {escape(moment.what)}{proof}", soft_wrap=True
        )

    return show
