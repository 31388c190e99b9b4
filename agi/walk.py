"""Carries the effects of `ivr.machine` out as telephone steps. Pure: a generator of requests.

The FastAGI server answers the requests on a socket, the classic script on its standard streams;
what a caller hears is the same. A driver that loses the caller throws `CallerGone` in.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from agi.session import CallerGone
from ivr.machine import (
    Collect,
    Decide,
    Decision,
    Digits,
    Facts,
    HangUp,
    HungUp,
    Input,
    LookupDone,
    MenuSet,
    Play,
    Silence,
    Step,
    ToEmergency,
    ToQueue,
    advance,
    start,
)
from ivr.machine import Lookup as LookupEffect


@dataclass(frozen=True, slots=True)
class StreamPrompt:
    """Play one prompt; a key in `interrupt` stops it. Answered with the key, or ""."""

    prompt: str
    interrupt: str


@dataclass(frozen=True, slots=True)
class WaitForKey:
    """Wait for one key. Answered with the key, or "" after `timeout_ms`."""

    timeout_ms: int


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask a lower room. Answered with `LookupDone`."""

    kind: str
    arguments: Mapping[str, str]


Request = StreamPrompt | WaitForKey | LookUp
Response = str | LookupDone
Walk = Generator[Request, Response, Decision]


def walk(menus: MenuSet, line: str, facts: Facts) -> Walk:
    """Walk the menu of `line` from its start; returns the decision."""
    step = start(menus, line, facts)
    while step.decision is None:
        try:
            what = yield from _carry(step)
        except CallerGone:
            what = HungUp()
        step = advance(menus, step.state, what)
    try:
        yield from _carry(step)
    except CallerGone:
        return HangUp("caller")
    return step.decision


def _carry(step: Step) -> Generator[Request, Response, Input]:
    """Carry out the effects of one step; returns the input the last of them brings."""
    key = ""
    for effect in step.effects:
        match effect:
            case Play(prompts, interrupt):
                key = key or (yield from _play(prompts, interrupt))
            case Collect():
                return (yield from _collect(effect, key))
            case LookupEffect(kind, arguments):
                found = yield LookUp(kind, arguments)
                return found if isinstance(found, LookupDone) else LookupDone(None, failed=True)
            case Decide():
                break
    return Silence()


def _play(prompts: tuple[str, ...], interrupt: str) -> Generator[Request, Response, str]:
    for prompt in prompts:
        key = yield StreamPrompt(prompt, interrupt)
        if isinstance(key, str) and key and key in interrupt:
            return key
    return ""


def _collect(effect: Collect, key: str) -> Generator[Request, Response, Input]:
    keyed = ""
    wait_ms = effect.first_timeout_ms
    while True:
        if not key:
            got = yield WaitForKey(wait_ms)
            key = got if isinstance(got, str) else ""
        if not key:
            return Digits(keyed) if keyed else Silence()
        if key == effect.finish:
            return Digits(keyed)
        keyed += key
        if key in effect.cancel or len(keyed) >= effect.max_digits:
            return Digits(keyed)
        key = ""
        wait_ms = effect.digit_timeout_ms


def variables(decision: Decision) -> dict[str, str]:
    """Return the channel variables the dialplan acts on (asterisk-conf/extensions.conf.j2)."""
    match decision:
        case ToQueue(queue, reason):
            return {
                "REXIAN_QUEUE": queue,
                "REXIAN_OUTCOME": reason,
                "REXIAN_DECISION": "queue",
            }
        case ToEmergency(number):
            return {
                "REXIAN_DIAL": number,
                "REXIAN_OUTCOME": "emergency",
                "REXIAN_DECISION": "dial",
            }
        case HangUp(reason):
            return {"REXIAN_OUTCOME": reason, "REXIAN_DECISION": "hangup"}
