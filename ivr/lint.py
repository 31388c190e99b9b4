"""Find what is wrong with a menu before a caller does.

Errors keep a menu from being used; warnings are said. A key written twice is found by the
reader (`ivr.loader.read_yaml`) because YAML itself would keep the last one silently.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ivr.types import (
    Ask,
    Choice,
    Dial,
    End,
    Greeting,
    Menu,
    Node,
    Number,
    Queue,
    Tell,
)
from ivr.wording import spoken_prompts

MOST_OPTIONS = 8
"""More keys than this cannot be kept in mind while listening."""

PERSON_KEY = "0"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the linter has to say: `where` is the line and node, `sentence` is Chinese."""

    level: Literal["error", "warning"]
    code: str
    where: str
    sentence: str


def lint(menu: Menu, prompts: Collection[str]) -> list[Finding]:
    """All findings on one menu; `prompts` are the prompt ids that exist."""
    found = list(_targets(menu))
    if found:  # the walks below need every target to exist
        return found + list(_prompts(menu, prompts))
    return [
        *_prompts(menu, prompts),
        *_reach(menu),
        *_persons(menu),
        *_loops(menu),
        *_keys(menu),
        *_slots(menu),
    ]


def leads_to(node: Node) -> list[str]:
    """Every node that may follow `node`, in the order a caller would try them."""
    match node:
        case Greeting():
            return [*node.keys.values(), node.any_key, node.silence]
        case Choice():
            return [*(option.to for option in node.options), node.silence, node.give_up]
        case Number():
            return [node.to, node.leave, node.silence, node.give_up]
        case Ask():
            return [node.found, node.missing, node.failed, node.give_up]
        case Tell():
            return [node.to]
        case _:
            return []


def said_by(node: Node) -> Iterator[str]:
    """Every prompt a node may play."""
    if isinstance(node, Tell):
        for piece in node.pieces:
            yield from _piece_prompts(piece.kind, piece.value)
            yield from piece.prompts.values()
            if piece.otherwise:
                yield piece.otherwise
        return
    yield from node.prompts
    if isinstance(node, Choice | Number | Ask):
        yield node.wrong


def _piece_prompts(kind: str, value: str) -> Iterable[str]:
    if kind == "prompt":
        return (value,)
    return spoken_prompts() if kind in {"digits", "date"} else ()


def _targets(menu: Menu) -> Iterator[Finding]:
    """Names of nodes that do not exist."""
    named = [("person", menu.person), *(("entries", entry) for entry in menu.entries.values())]
    named += [(name, to) for name, node in menu.nodes.items() for to in leads_to(node)]
    for where, to in dict.fromkeys(named):
        if to not in menu.nodes:
            yield _error(menu, where, "dead_end", f"“{where}”指向不存在的节点“{to}”。")
    for profile in {menu.profile, *menu.profiles.values()} - set(menu.entries):
        yield _error(menu, "entries", "no_entry", f"方案“{profile}”没有入口节点。")


def _prompts(menu: Menu, prompts: Collection[str]) -> Iterator[Finding]:
    for name, node in menu.nodes.items():
        for prompt in sorted(set(said_by(node)) - set(prompts)):
            yield _error(menu, name, "missing_prompt", f"提示音“{prompt}”不存在。")


def _reach(menu: Menu) -> Iterator[Finding]:
    """Nodes nobody can come to."""
    seen = _closure(menu, [*menu.entries.values(), menu.person])
    for name in menu.nodes:
        if name not in seen:
            yield _error(menu, name, "unreachable", f"没有任何按键能到达节点“{name}”。")


def _persons(menu: Menu) -> Iterator[Finding]:
    """Silence, giving up and key 0 must lead to a person; so must `person` itself."""
    if not isinstance(menu.nodes[menu.person], Queue):
        yield _error(menu, menu.person, "no_person", "“person”必须是排队等候人工的节点。")
    for name, node in menu.nodes.items():
        for how, to in _promised(node):
            if not _is_person(menu, to):
                yield _error(menu, name, "no_person", f"{how}时必须转人工，现在去了“{to}”。")
        if isinstance(node, Choice) and PERSON_KEY not in {o.key for o in node.options}:
            yield _error(menu, name, "no_person", "菜单里没有按 0 转人工。")
        if not isinstance(node, Queue | Dial | End) and not _may_reach_person(menu, name):
            yield _error(menu, name, "no_person", f"从节点“{name}”无法到达人工。")


def _promised(node: Node) -> list[tuple[str, str]]:
    """Ways out that must end with a person."""
    match node:
        case Greeting():
            zero = [("按 0 ", node.keys[PERSON_KEY])] if PERSON_KEY in node.keys else []
            return [*zero]
        case Choice():
            zero = [("按 0 ", option.to) for option in node.options if option.key == PERSON_KEY]
            return [*zero, ("不按键", node.silence), ("多次按错", node.give_up)]
        case Number():
            return [
                ("不按键", node.silence),
                ("多次输错", node.give_up),
                (f"按 {node.escape} ", node.leave),
            ]
        case Ask():
            return [("查询失败", node.failed), ("多次查不到", node.give_up)]
        case _:
            return []


def _loops(menu: Menu) -> Iterator[Finding]:
    """Circles in which nothing is waited for: a call would never come out."""
    for name in menu.nodes:
        walked: list[str] = []
        here = name
        while isinstance(node := menu.nodes[here], Tell) and here not in walked:
            walked.append(here)
            here = node.to
        if here == name and walked:
            yield _error(menu, name, "loop", f"节点“{name}”不经按键又回到自己，电话会转不出来。")


def _keys(menu: Menu) -> Iterator[Finding]:
    for name, node in menu.nodes.items():
        if not isinstance(node, Choice):
            continue
        keys = [option.key for option in node.options]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield _error(menu, name, "duplicate_key", f"按键 {key} 写了两次。")
        if "#" in keys:
            yield _error(menu, name, "finish_key", "# 是输入结束键，不能作选项。")
        if len(keys) > MOST_OPTIONS:
            sentence = f"选项有 {len(keys)} 个，来电人记不住；请不要超过 {MOST_OPTIONS} 个。"
            yield Finding("warning", "too_many_options", f"{menu.line}/{name}", sentence)
    for name, greeting in menu.nodes.items():
        if isinstance(greeting, Greeting) and not _is_person(menu, greeting.silence):
            to = menu.nodes[greeting.silence]
            if not isinstance(to, Choice):
                yield _error(menu, name, "no_person", "问候语之后既不是人工也不是菜单。")


def _slots(menu: Menu) -> Iterator[Finding]:
    """A look-up whose arguments nobody takes from the caller."""
    taken = {node.name for node in menu.nodes.values() if isinstance(node, Number)}
    for name, node in menu.nodes.items():
        if isinstance(node, Ask):
            for slot in sorted(set(node.arguments.values()) - taken):
                yield _error(menu, name, "missing_slot", f"查询用到的“{slot}”没有节点收取。")


def _is_person(menu: Menu, name: str) -> bool:
    walked: set[str] = set()
    while isinstance(node := menu.nodes[name], Tell) and name not in walked:
        walked.add(name)
        name = node.to
    return isinstance(menu.nodes[name], Queue)


def _may_reach_person(menu: Menu, name: str) -> bool:
    return any(isinstance(menu.nodes[node], Queue) for node in _closure(menu, [name]))


def _closure(menu: Menu, names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += leads_to(menu.nodes[name])
    return seen


def _error(menu: Menu, node: str, code: str, sentence: str) -> Finding:
    return Finding("error", code, f"{menu.line}/{node}", sentence)
