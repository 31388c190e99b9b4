"""The schema of a menu file: what `ivr/menus/*.yaml` may say, and its reading into `Menu`.

Unknown keys are refused. Where a file says nothing, a wrong key, silence and a failed look-up
lead to the menu's `person`: a person answers unless somebody writes otherwise.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr import types
from rexian.kernel.errors import RexianError

FORMAT = 1
"""Version of the file format; a file of another format is refused with a sentence."""

Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
Prompt = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
NodeName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
Milliseconds = Annotated[int, Field(ge=200, le=20_000)]
Tries = Annotated[int, Field(ge=1, le=5)]


class BadMenu(RexianError):
    """A menu file cannot be used."""

    code = "bad_menu"
    status = 500
    default_sentence = "语音菜单文件有误。"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OptionFile(_Part):
    """One key of a choice."""

    label: str = Field(description="what the key is for, shown in the simulator and in the docs")
    to: NodeName


class GreetingFile(_Part):
    """Say something and go on; a key during it leads elsewhere."""

    kind: Literal["greeting"]
    say: tuple[Prompt, ...] = Field(min_length=1)
    any_key: NodeName = Field(description="where a key leads that is not in `keys`")
    keys: dict[Key, NodeName] = Field(default_factory=dict)
    silence: NodeName | None = None
    wait_ms: Milliseconds = Field(800, description="after the last prompt")


class ChoiceFile(_Part):
    """Offer keys."""

    kind: Literal["choice"]
    say: tuple[Prompt, ...] = Field(min_length=1)
    keys: dict[Key, OptionFile] = Field(min_length=1)
    wrong: Prompt = "wrong-key"
    tries: Tries = 3
    give_up: NodeName | None = None
    silence: NodeName | None = None
    wait_ms: Milliseconds = 5_000


class NumberFile(_Part):
    """Take digits, `length` of them, or `least` to `length` ended by `#`."""

    kind: Literal["number"]
    say: tuple[Prompt, ...] = Field(min_length=1)
    name: str = Field(pattern=r"^[a-z_]+$", description="the slot the digits go to")
    length: int = Field(ge=1, le=32)
    least: int | None = Field(None, ge=1, le=32, description="when the length may vary")
    to: NodeName
    wrong: Prompt = "wrong-number"
    tries: Tries = 3
    give_up: NodeName | None = None
    silence: NodeName | None = None
    escape: Key = Field("*", description="key that leads to `leave` at once")
    leave: NodeName | None = None
    wait_ms: Milliseconds = 8_000
    digit_wait_ms: Milliseconds = 4_000


class LookupFile(_Part):
    """Look something up with the digits taken before."""

    kind: Literal["lookup"]
    say: tuple[Prompt, ...] = ()
    lookup: Literal["case_status", "approval_status"]
    arguments: dict[str, str] = Field(description="argument of the look-up: slot it comes from")
    found: NodeName
    missing: NodeName = Field(description="where to try again when nothing was found")
    wrong: Prompt = "not-found"
    tries: Tries = 3
    give_up: NodeName | None = None
    failed: NodeName | None = None


class PieceFile(_Part):
    """A part of a sentence; exactly one of prompt, digits, date, one_of."""

    prompt: Prompt | None = None
    digits: str | None = Field(None, description="slot said digit by digit")
    date: str | None = Field(None, description="slot said as month and day")
    one_of: str | None = Field(None, description="slot whose value picks a prompt of `prompts`")
    prompts: dict[str, Prompt] = Field(default_factory=dict)
    otherwise: Prompt | None = None


class TellFile(_Part):
    """Say a sentence put together from pieces."""

    kind: Literal["tell"]
    pieces: tuple[PieceFile, ...] = Field(min_length=1)
    to: NodeName


class QueueFile(_Part):
    """A person answers."""

    kind: Literal["queue"]
    say: tuple[Prompt, ...] = ()
    queue: Annotated[str, Field(pattern=r"^[0-9a-z-]{1,20}$")] | None = None
    reason: str = Field("asked", pattern=r"^[a-z_]+$")


class DialFile(_Part):
    """An emergency number."""

    kind: Literal["dial"]
    say: tuple[Prompt, ...] = ()
    number: Literal["110", "119", "120", "122"]


class HangUpFile(_Part):
    """Good-bye, because the caller chose it."""

    kind: Literal["hang_up"]
    say: tuple[Prompt, ...] = ()
    reason: str = Field("done", pattern=r"^[a-z_]+$")


NodeFile = Annotated[
    GreetingFile
    | ChoiceFile
    | NumberFile
    | LookupFile
    | TellFile
    | QueueFile
    | DialFile
    | HangUpFile,
    Field(discriminator="kind"),
]


class MenuFile(_Part):
    """One line's menu as written."""

    format: Literal[1] = Field(description="version of this file format")
    line: str = Field(pattern=r"^[0-9]{3,8}$")
    title: str
    version: int = Field(ge=1, description="raised by who changes the menu; kept with each call")
    queue: str = Field(pattern=r"^[0-9a-z-]{1,20}$", description="queue where persons answer")
    person: NodeName = Field(description="node that leads to a person")
    limit: int = Field(30, ge=5, le=60, description="inputs after which a person answers")
    profile: Literal["human_first", "menu_first"]
    situations: dict[Literal["night", "overload"], Literal["human_first", "menu_first"]] = Field(
        default_factory=dict, description="another profile at night or under overload"
    )
    entries: dict[Literal["human_first", "menu_first"], NodeName]
    nodes: dict[NodeName, NodeFile] = Field(min_length=1)


def parse(content: Any, where: str) -> types.Menu:
    """Validate what a menu file holds. Raises `BadMenu` naming the file, the place and the fault."""
    try:
        menu = MenuFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = " → ".join(str(part) for part in first["loc"]) or "文件"
        raise BadMenu(
            f"菜单文件 {where} 的 {place} 有误：{first['msg']}。", file=where, place=place
        ) from error
    nodes: dict[str, types.Node] = {}
    for name, node in menu.nodes.items():
        try:
            nodes[name] = _node(node, menu.person)
        except ValueError as error:
            raise BadMenu(
                f"菜单文件 {where} 的 nodes → {name} 有误：{error}。", file=where
            ) from error
    return types.Menu(
        line=menu.line,
        title=menu.title,
        version=menu.version,
        queue=menu.queue,
        profile=menu.profile,
        profiles={str(key): value for key, value in menu.situations.items()},
        entries={str(key): node for key, node in menu.entries.items()},
        person=menu.person,
        limit=menu.limit,
        nodes=nodes,
    )


def _node(node: NodeFile, person: str) -> types.Node:
    match node:
        case GreetingFile():
            return types.Greeting(
                node.say, node.any_key, node.keys, node.silence or person, node.wait_ms
            )
        case ChoiceFile():
            return _choice(node, person)
        case NumberFile():
            return _number(node, person)
        case LookupFile():
            return _ask(node, person)
        case TellFile():
            return types.Tell(tuple(_piece(piece) for piece in node.pieces), node.to)
        case _:
            return _last(node)


def _last(node: QueueFile | DialFile | HangUpFile) -> types.Node:
    match node:
        case QueueFile():
            return types.Queue(node.say, node.queue or "", node.reason)
        case DialFile():
            return types.Dial(node.say, node.number)
        case HangUpFile():
            return types.End(node.say, node.reason)


def _choice(node: ChoiceFile, person: str) -> types.Choice:
    return types.Choice(
        prompts=node.say,
        options=tuple(
            types.Option(key, option.label, option.to) for key, option in node.keys.items()
        ),
        wrong=node.wrong,
        tries=node.tries,
        give_up=node.give_up or person,
        silence=node.silence or person,
        wait_ms=node.wait_ms,
    )


def _number(node: NumberFile, person: str) -> types.Number:
    return types.Number(
        prompts=node.say,
        name=node.name,
        least=node.least or node.length,
        length=node.length,
        to=node.to,
        wrong=node.wrong,
        tries=node.tries,
        give_up=node.give_up or person,
        silence=node.silence or person,
        escape=node.escape,
        leave=node.leave or person,
        wait_ms=node.wait_ms,
        digit_wait_ms=node.digit_wait_ms,
    )


def _ask(node: LookupFile, person: str) -> types.Ask:
    return types.Ask(
        prompts=node.say,
        lookup=node.lookup,
        arguments=dict(node.arguments),
        found=node.found,
        missing=node.missing,
        wrong=node.wrong,
        tries=node.tries,
        give_up=node.give_up or person,
        failed=node.failed or person,
    )


def _piece(piece: PieceFile) -> types.Piece:
    kinds: Mapping[str, str | None] = {
        "prompt": piece.prompt,
        "digits": piece.digits,
        "date": piece.date,
        "one_of": piece.one_of,
    }
    given = {kind: value for kind, value in kinds.items() if value is not None}
    if len(given) != 1:
        raise ValueError("每一段只能写 prompt、digits、date、one_of 之一")
    kind, value = next(iter(given.items()))
    return types.Piece(kind, value, dict(piece.prompts), piece.otherwise or "")
