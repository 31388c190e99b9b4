"""A call's menu as text: what the caller would hear, the keys as typed lines.

A line of keys is what the caller presses (`1`, `2026112100001`), an empty line is silence,
`h` hangs up. Prompts are shown with their text, so that a menu can be read aloud before a voice
is made for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ivr.machine import advance, start
from ivr.types import (
    Collect,
    Decide,
    Decision,
    Digits,
    Effect,
    Facts,
    HangUp,
    HungUp,
    Input,
    Lookup,
    LookupDone,
    MenuSet,
    Play,
    Silence,
    Step,
    ToEmergency,
)

HANG_UP = "h"

Answer = Callable[[str, Mapping[str, str]], LookupDone]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the simulated call: `kind` is heard, waits, looks-up, pressed or decided."""

    kind: str
    text: str


def play(
    menus: MenuSet,
    line: str,
    typed: Iterable[str],
    *,
    texts: Mapping[str, str],
    answer: Answer,
    facts: Facts | None = None,
) -> Iterator[Line]:
    """Walk the menu of `line`, taking one of `typed` whenever it waits for keys.

    When `typed` ends the caller hangs up. The last line is always the decision.
    """
    keys = iter(typed)
    step = start(menus, line, facts or Facts())
    while True:
        yield from (_told(effect, texts) for effect in step.effects)
        if step.decision:
            return
        what = _next_input(step, keys, answer)
        if isinstance(what, Digits | Silence | HungUp):
            yield Line("pressed", _pressed(what))
        step = advance(menus, step.state, what)


def decision_text(decision: Decision) -> str:
    """A decision as a sentence."""
    if isinstance(decision, HangUp):
        return f"挂机（{decision.reason}）"
    if isinstance(decision, ToEmergency):
        return f"接通 {decision.number}"
    return f"转人工，队列 {decision.queue}（{decision.reason}）"


def _next_input(step: Step, keys: Iterator[str], answer: Answer) -> Input:
    waits = step.effects[-1]
    if isinstance(waits, Lookup):
        return answer(waits.kind, waits.arguments)
    text = next(keys, HANG_UP).strip()
    if text == HANG_UP:
        return HungUp()
    if not text:
        return Silence()
    if isinstance(waits, Collect):
        text = _cut(text, waits)
    return Digits(text)


def _cut(text: str, collect: Collect) -> str:
    """What a telephone would have handed over: up to the finishing, cancelling or last key."""
    taken = ""
    for key in text:
        if key == collect.finish or len(taken) == collect.max_digits:
            break
        taken += key
        if key in collect.cancel:
            break
    return taken


def _pressed(what: Digits | Silence | HungUp) -> str:
    if isinstance(what, Digits):
        return what.text
    return "（无按键）" if isinstance(what, Silence) else "（挂机）"


def _told(effect: Effect, texts: Mapping[str, str]) -> Line:
    match effect:
        case Play():
            said = "".join(texts.get(prompt, f"［{prompt}］") for prompt in effect.prompts)
            return Line("heard", said)
        case Collect():
            seconds = effect.first_timeout_ms / 1000
            return Line("waits", f"等待按键，最多 {effect.max_digits} 位，{seconds:g} 秒")
        case Lookup():
            given = "，".join(f"{name}={value}" for name, value in effect.arguments.items())
            return Line("looks-up", f"查询 {effect.kind}（{given}）")
        case Decide():
            return Line("decided", decision_text(effect.decision))
