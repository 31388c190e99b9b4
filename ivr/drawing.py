"""A menu as a Markdown table, for the docs and for who wants to read it on paper."""

from collections.abc import Mapping

from ivr.types import Ask, Choice, Dial, End, Greeting, Menu, Node, Number, Queue, Tell


def table(menu: Menu, texts: Mapping[str, str]) -> str:
    """One row per node: what is said and where each way out leads."""
    rows = [f"### {menu.line} {menu.title}", "", "| node | says | leads to |", "|---|---|---|"]
    for name, node in menu.nodes.items():
        rows.append(f"| `{name}` | {_said(node, texts)} | {_ways(menu, node)} |")
    return "\n".join(rows)


def _said(node: Node, texts: Mapping[str, str]) -> str:
    if not isinstance(node, Tell):
        return "".join(texts.get(prompt, prompt) for prompt in node.prompts)
    return "".join(
        texts.get(piece.value, piece.value) if piece.kind == "prompt" else f"⟨{piece.value}⟩"
        for piece in node.pieces
    )


def _ways(menu: Menu, node: Node) -> str:
    match node:
        case Greeting():
            keys = [f"{key} → `{to}`" for key, to in node.keys.items()]
            ways = [*keys, f"any key → `{node.any_key}`", f"silence → `{node.silence}`"]
        case Choice():
            keys = [f"{one.key} {one.label} → `{one.to}`" for one in node.options]
            ways = [*keys, f"silence → `{node.silence}`", f"{node.tries}× wrong → `{node.give_up}`"]
        case Number():
            ways = [
                f"{_length(node)} digits → `{node.to}`",
                f"{node.escape} → `{node.leave}`",
                f"silence → `{node.silence}`",
                f"{node.tries}× wrong → `{node.give_up}`",
            ]
        case Ask():
            ways = [
                f"found → `{node.found}`",
                f"not found → `{node.missing}`",
                f"{node.tries}× not found → `{node.give_up}`",
                f"no answer → `{node.failed}`",
            ]
        case Tell():
            ways = [f"→ `{node.to}`"]
        case Queue():
            ways = [f"queue {node.queue or menu.queue}"]
        case Dial():
            ways = [f"connects {node.number}"]
        case End():
            ways = ["hangs up"]
    return "<br>".join(ways)


def _length(node: Number) -> str:
    return str(node.length) if node.least == node.length else f"{node.least} to {node.length}"
