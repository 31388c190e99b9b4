"""The values a menu is made of and the values that pass between a call and the machine.

Nothing here knows a telephone, a file or a clock: `agi/` carries effects out on a call,
`ivr.simulator` as text, tests compare them as values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

KEYS = "0123456789*#"
NOTHING: Mapping[str, str] = MappingProxyType({})
NO_FAULTS: Mapping[str, int] = MappingProxyType({})

# ── what a call tells the machine ────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Started:
    """The call has been answered and the menu begins (or begins its present node again)."""


@dataclass(frozen=True, slots=True)
class Digits:
    """What was keyed until the wanted number of keys, the finishing key or the time-out."""

    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was keyed in the time given."""


@dataclass(frozen=True, slots=True)
class LookupDone:
    """The answer of a look-up: `None` when there is no such thing; `failed` when nobody knows."""

    result: Mapping[str, str] | None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller has gone."""


Input = Started | Digits | Silence | LookupDone | HungUp

# ── what the machine decides at the end ──────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ToQueue:
    """A person answers: the caller enters the queue. `reason` is a short code for the record."""

    queue: str
    reason: str


@dataclass(frozen=True, slots=True)
class ToEmergency:
    """Connect 110, 119, 120 or 122 at once; the contact is kept."""

    number: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The call ends; `reason` is `caller` when the caller hung up."""

    reason: str


Decision = ToQueue | ToEmergency | HangUp

# ── what the machine asks the call to do ─────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Play:
    """Play prompts one after the other. A key in `interrupt` stops this and every next `Play`.

    The key that interrupts is the first key of the `Collect` that follows. Keys outside
    `interrupt` are dropped, so a late `#` after a number does not cut the answer off.
    """

    prompts: tuple[str, ...]
    interrupt: str = ""


@dataclass(frozen=True, slots=True)
class Collect:
    """Wait for keys: `Digits` when `max_digits` came, `finish` was pressed, or keys stopped.

    `first_timeout_ms` runs from the end of the prompts to the first key, `digit_timeout_ms`
    between keys. `finish` is a key (or empty) that ends the input and is not part of it, so
    `finish` alone is `Digits("")`. A key in `cancel` ends the input at once and is part of it.
    Nothing keyed at all is `Silence`.
    """

    max_digits: int
    first_timeout_ms: int
    digit_timeout_ms: int
    finish: str = ""
    cancel: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask a lower room: `case_status` or `approval_status` with its arguments."""

    kind: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decide:
    """The last effect of a call's menu."""

    decision: Decision


Effect = Play | Collect | Lookup | Decide

# ── a menu ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Option:
    """One key of a menu."""

    key: str
    label: str
    to: str


@dataclass(frozen=True, slots=True)
class Greeting:
    """Say something; `keys` lead somewhere at once, any other key to `any_key`, silence on."""

    prompts: tuple[str, ...]
    any_key: str
    keys: Mapping[str, str]
    silence: str
    wait_ms: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Offer keys. A wrong key plays `wrong` and offers again, `tries` times at most."""

    prompts: tuple[str, ...]
    options: tuple[Option, ...]
    wrong: str
    tries: int
    give_up: str
    silence: str
    wait_ms: int


@dataclass(frozen=True, slots=True)
class Number:
    """Take `least` to `length` digits into the slot `name`; the key `escape` goes to `leave`."""

    prompts: tuple[str, ...]
    name: str
    least: int
    length: int
    to: str
    wrong: str
    tries: int
    give_up: str
    silence: str
    escape: str
    leave: str
    wait_ms: int
    digit_wait_ms: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Look something up. Not found plays `wrong` and goes to `missing`, at most `tries` times."""

    prompts: tuple[str, ...]
    lookup: str
    arguments: Mapping[str, str]
    found: str
    missing: str
    wrong: str
    tries: int
    give_up: str
    failed: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a spoken sentence: a prompt, digits one by one, a date, or a value's own prompt."""

    kind: str
    value: str
    prompts: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Tell:
    """Say a sentence put together from pieces, then go on."""

    pieces: tuple[Piece, ...]
    to: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Hand the caller to a person."""

    prompts: tuple[str, ...]
    queue: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dial:
    """Hand the caller to an emergency number."""

    prompts: tuple[str, ...]
    number: str


@dataclass(frozen=True, slots=True)
class End:
    """Say good-bye and hang up, because the caller asked for it."""

    prompts: tuple[str, ...]
    reason: str


Node = Greeting | Choice | Number | Ask | Tell | Queue | Dial | End


@dataclass(frozen=True, slots=True)
class Menu:
    """One line's menu. `entries` maps a profile to its first node; `limit` bounds the inputs."""

    line: str
    title: str
    version: int
    queue: str
    profile: str
    profiles: Mapping[str, str]
    entries: Mapping[str, str]
    person: str
    limit: int
    nodes: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class MenuSet:
    """All lines, as loaded from one state of the folder; `digest` names that state."""

    menus: Mapping[str, Menu]
    digest: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the call before the menu starts: `situation` is day, night or overload."""

    situation: str = "day"


@dataclass(frozen=True, slots=True)
class State:
    """Where a call is in its menu. `slots` hold what was keyed and what a look-up answered.

    `faults` counts wrong inputs per node, `inputs` everything that came in.
    """

    line: str
    node: str
    inputs: int = 0
    faults: Mapping[str, int] = field(default_factory=lambda: NO_FAULTS)
    slots: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the machine: the state it is in now and what the call shall do."""

    state: State
    effects: tuple[Effect, ...]

    @property
    def decision(self) -> Decision | None:
        """The decision this step ends with, if it ends."""
        last = self.effects[-1] if self.effects else None
        return last.decision if isinstance(last, Decide) else None
