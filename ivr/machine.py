"""The machine that walks a menu. Pure: (state, input) -> (state, effects).

It reads no clock, file or database. Every step but the last ends with exactly one effect that
waits for an input (`Collect` or `Lookup`); the last ends with `Decide`. Two promises hold for
every menu that passes `ivr.lint`: a call ends after at most `Menu.limit` inputs, and it ends
with a person unless the caller chose an emergency number, chose to end the call, or hung up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ivr.types import (
    KEYS,
    Ask,
    Choice,
    Collect,
    Decide,
    Decision,
    Dial,
    Digits,
    Effect,
    End,
    Facts,
    Greeting,
    HangUp,
    HungUp,
    Input,
    Lookup,
    LookupDone,
    Menu,
    MenuSet,
    Node,
    Number,
    Play,
    Queue,
    Silence,
    Started,
    State,
    Step,
    Tell,
    ToEmergency,
    ToQueue,
)
from ivr.wording import sentence

__all__ = [
    "Collect",
    "Decide",
    "Decision",
    "Digits",
    "Effect",
    "Facts",
    "HangUp",
    "HungUp",
    "Input",
    "Lookup",
    "LookupDone",
    "Menu",
    "MenuSet",
    "Play",
    "Silence",
    "Started",
    "State",
    "Step",
    "ToEmergency",
    "ToQueue",
    "advance",
    "start",
]

MAX_HOPS = 16
"""Nodes that wait for nothing and follow each other; more is a loop, and a person answers."""

FINISH = "#"
INTERRUPT = KEYS.replace(FINISH, "")


def start(menus: MenuSet, line: str, facts: Facts) -> Step:
    """First step of a call on `line`. A line without a menu goes to the queue of its own name."""
    menu = menus.menus.get(line)
    if menu is None:
        return _decide(State(line, ""), (), ToQueue(line, "no_menu"))
    profile = menu.profiles.get(facts.situation, menu.profile)
    entry = menu.entries.get(profile, menu.person)
    return _enter(menu, State(line, entry))


def advance(menus: MenuSet, state: State, what: Input) -> Step:
    """Take the step that follows `state` when `what` comes in. After the end nothing follows."""
    if state.ended:
        return Step(state, ())
    if isinstance(what, HungUp):
        return _decide(state, (), HangUp("caller"))
    menu = menus.menus.get(state.line)
    if menu is None or state.node not in menu.nodes:
        queue = menu.queue if menu else state.line
        return _decide(state, (), ToQueue(queue, "menu_changed"))
    state = replace(state, inputs=state.inputs + 1)
    if state.inputs >= menu.limit:
        return _go(menu, state, menu.person, reason="limit")
    if isinstance(what, Started):
        return _enter(menu, state)
    return _answer(menu, state, menu.nodes[state.node], what)


def _answer(menu: Menu, state: State, node: Node, what: Input) -> Step:
    """Take an input as `node` sees it; one it did not ask for begins the node again."""
    match node, what:
        case Greeting(), Digits(text) if text:
            step = _go(menu, state, node.keys.get(text[0], node.any_key), reason="asked")
        case Greeting(), Silence() | Digits():
            step = _go(menu, state, node.silence, reason="greeting")
        case Choice(), Digits(text):
            step = _choose(menu, state, node, text)
        case Number(), Digits(text):
            step = _take(menu, state, node, text)
        case ((Choice() | Number()), Silence()):
            step = _go(menu, state, node.silence, reason="silence")
        case Ask(), LookupDone():
            step = _tell(menu, state, node, what)
        case _:
            step = _enter(menu, state)
    return step


def _choose(menu: Menu, state: State, node: Choice, text: str) -> Step:
    if not text:
        return _enter(menu, state)
    for option in node.options:
        if option.key == text[0]:
            return _go(menu, state, option.to)
    return _fault(menu, state, node, state.node)


def _take(menu: Menu, state: State, node: Number, text: str) -> Step:
    if node.escape and node.escape in text:
        return _go(menu, state, node.leave)
    if not (node.least <= len(text) <= node.length and text.isascii() and text.isdigit()):
        return _fault(menu, state, node, state.node)
    return _go(menu, replace(state, slots={**state.slots, node.name: text}), node.to)


def _tell(menu: Menu, state: State, node: Ask, done: LookupDone) -> Step:
    if done.failed:
        return _go(menu, state, node.failed, reason="lookup_failed")
    if done.result is None:
        return _fault(menu, state, node, node.missing)
    kept = {key: value for key, value in state.slots.items() if not key.startswith("result.")}
    found = {f"result.{key}": value for key, value in done.result.items()}
    return _go(menu, replace(state, slots=kept | found), node.found)


def _fault(menu: Menu, state: State, node: Choice | Number | Ask, again: str) -> Step:
    """Count a wrong input at this node: try again, or give up and let a person help."""
    count = state.faults.get(state.node, 0) + 1
    state = replace(state, faults={**state.faults, state.node: count})
    if count >= node.tries:
        return _go(menu, state, node.give_up, reason="wrong_digits")
    return _go(menu, state, again, before=(node.wrong,))


def _go(
    menu: Menu, state: State, to: str, *, before: tuple[str, ...] = (), reason: str | None = None
) -> Step:
    return _enter(menu, replace(state, node=to), before=before, reason=reason)


def _enter(
    menu: Menu, state: State, *, before: tuple[str, ...] = (), reason: str | None = None
) -> Step:
    """Walk from `state.node` through what waits for nothing to the first node that waits."""
    effects: list[Effect] = []
    for _ in range(MAX_HOPS):
        node = menu.nodes.get(state.node)
        if not isinstance(node, Tell):
            break
        effects += _play((*before, *sentence(node.pieces, state.slots)), INTERRUPT)
        before = ()
        state = replace(state, node=node.to)
    if node is None or isinstance(node, Tell):
        return _decide(state, effects, ToQueue(menu.queue, "menu_error"))
    prompts = (*before, *node.prompts)
    if isinstance(node, Queue | Dial | End):
        return _decide(state, [*effects, *_play(prompts, "")], _ending(menu, node, reason))
    interrupt, wait = _wait(node, state.slots)
    return Step(state, (*effects, *_play(prompts, interrupt), wait))


def _wait(node: Greeting | Choice | Number | Ask, slots: Mapping[str, str]) -> tuple[str, Effect]:
    """Which keys cut the node's prompts short, and what the node waits for."""
    match node:
        case Greeting():
            return KEYS, Collect(1, node.wait_ms, node.wait_ms)
        case Choice():
            return INTERRUPT, Collect(1, node.wait_ms, node.wait_ms, FINISH)
        case Number():
            return INTERRUPT, Collect(
                node.length, node.wait_ms, node.digit_wait_ms, FINISH, node.escape
            )
        case Ask():
            wanted = {name: slots.get(slot, "") for name, slot in node.arguments.items()}
            return "", Lookup(node.lookup, wanted)


def _ending(menu: Menu, node: Queue | Dial | End, reason: str | None) -> Decision:
    match node:
        case Queue():
            return ToQueue(node.queue or menu.queue, reason or node.reason)
        case Dial():
            return ToEmergency(node.number)
        case End():
            return HangUp(node.reason)


def _play(prompts: tuple[str, ...], interrupt: str) -> list[Effect]:
    return [Play(prompts, interrupt)] if prompts else []


def _decide(state: State, effects: Sequence[Effect], decision: Decision) -> Step:
    return Step(replace(state, ended=True), (*effects, Decide(decision)))
