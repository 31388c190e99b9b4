"""What may happen to a case. Nothing here touches a database or reads a clock.

`decide(case, command, at, rules)` gives the events a command causes, or raises `NotAllowed` with
the rule broken; `apply(case, event)` gives the case after an event. `TABLE` says which command is
possible in which state and is rendered into docs/reference/cases.md (`python -m cases.diagram`).
A new verb is a command and an event in `cases.model`, a row of `TABLE`, a case in `decide` and
one in `apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cases.deadlines import Deadlines
from cases.model import (
    STATE_NAMES,
    Accept,
    Accepted,
    AnswerDirectly,
    AnsweredDirectly,
    Case,
    Close,
    Closed,
    Command,
    Dispatch,
    Dispatched,
    Event,
    Outcome,
    Replied,
    Reply,
    Review,
    Reviewed,
    Sign,
    Signed,
    State,
    Verdict,
)
from rexian.kernel.errors import BadInput, NotAllowed


@dataclass(frozen=True, slots=True)
class Rules:
    """What a city may set differently; lengths in characters."""

    deadlines: Deadlines
    lines: tuple[str, ...] = ("12345", "96796")
    text_limit: int = 20_000
    answer_minimum: int = 2


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: in one of `sources`, `verb` leads to `target`."""

    verb: str
    name: str
    command: type[Command]
    sources: tuple[State, ...]
    target: State
    when: Callable[[Command], bool] | None = None


def _approves(command: Command) -> bool:
    return isinstance(command, Review) and command.verdict is Verdict.APPROVE


def _sends_back(command: Command) -> bool:
    return isinstance(command, Review) and command.verdict is Verdict.SEND_BACK


TABLE: tuple[Transition, ...] = (
    Transition("accept", "受理", Accept, (State.NEW,), State.ACCEPTED),
    Transition("answer_directly", "直办", AnswerDirectly, (State.ACCEPTED,), State.CLOSED),
    Transition("dispatch", "派单", Dispatch, (State.ACCEPTED,), State.DISPATCHED),
    Transition("sign", "签收", Sign, (State.DISPATCHED,), State.SIGNED),
    Transition("reply", "答复", Reply, (State.SIGNED,), State.REPLIED),
    Transition("approve", "审核通过", Review, (State.REPLIED,), State.APPROVED, _approves),
    Transition("send_back", "审核退回", Review, (State.REPLIED,), State.SIGNED, _sends_back),
    Transition("close", "办结", Close, (State.APPROVED,), State.CLOSED),
)


def verbs(state: State) -> tuple[str, ...]:
    """Verbs possible in `state`, in the order of the table."""
    return tuple(row.verb for row in TABLE if state in row.sources)


def transition(case: Case, command: Command) -> Transition:
    """Find the row that `command` takes from the case's state, or raise `NotAllowed`."""
    rows = [r for r in TABLE if r.command is type(command) and (r.when is None or r.when(command))]
    for row in rows:
        if case.state in row.sources:
            return row
    wanted = rows[0].name if rows else type(command).__name__
    raise NotAllowed(
        f"工单现在是“{STATE_NAMES[case.state]}”，不能{wanted}。请刷新页面查看最新状态。",
        rule="state",
        state=case.state.value,
        command=type(command).__name__,
    )


def decide(case: Case, command: Command, at: datetime, rules: Rules) -> list[Event]:
    """Give the events that `command` causes at `at` (aware).

    Raises `NotAllowed` with the rule broken, or `BadInput` with the field at fault.
    """
    if at.tzinfo is None:
        raise ValueError("at must be aware")
    transition(case, command)
    events: list[Event]
    match command:
        case Accept():
            events = [Accepted(at, command.number, command.tier)]
        case AnswerDirectly():
            answer = _text(command.answer, "answer", "答复内容", rules)
            events = [AnsweredDirectly(at, answer), Closed(at, Outcome.ANSWERED_DIRECTLY, None)]
        case Dispatch():
            events = [_dispatched(case, command, at, rules)]
        case Sign():
            _lead_only(case, command.department)
            events = [Signed(at, command.department)]
        case Reply():
            events = [_replied(case, command, at, rules)]
        case Review():
            events = [_reviewed(command, at, rules)]
        case Close():
            events = [Closed(at, Outcome.HANDLED, _on_time(case, case.replied_at or at))]
    return events


def _dispatched(case: Case, command: Dispatch, at: datetime, rules: Rules) -> Dispatched:
    if not command.lead:
        raise BadInput("请选择主办单位。", field="department")
    supports = tuple(dict.fromkeys(d for d in command.supports if d))
    if command.lead in supports:
        raise BadInput("主办单位不能同时是协办单位。", field="supports")
    note = _text(command.note, "note", "派单说明", rules, required=False)
    promise = rules.deadlines.promise(command.tier or case.tier, at)
    return Dispatched(
        at, command.lead, supports, promise.tier, promise.due_at, promise.provisional, note
    )


def _replied(case: Case, command: Reply, at: datetime, rules: Rules) -> Replied:
    _lead_only(case, command.department)
    public = _text(command.public, "public", "给市民的答复", rules)
    internal = _text(command.internal, "internal", "内部说明", rules, required=False)
    return Replied(at, command.department, public, internal, bool(_on_time(case, at)))


def _reviewed(command: Review, at: datetime, rules: Rules) -> Reviewed:
    needed = command.verdict is Verdict.SEND_BACK
    comment = _text(command.comment, "comment", "退回原因", rules, required=needed)
    return Reviewed(at, command.verdict, comment)


def _lead_only(case: Case, department: str) -> None:
    if department != case.lead:
        raise NotAllowed("这件工单由其他单位主办，本单位不能办理。", rule="lead_only")


def _on_time(case: Case, at: datetime) -> bool | None:
    return None if case.due_at is None else at <= case.due_at


def _text(text: str, field: str, label: str, rules: Rules, *, required: bool = True) -> str:
    """Check a free text at the door; what was typed is kept by the page, nothing is cut."""
    text = text.strip()
    if "\x00" in text:
        raise BadInput(f"{label}中有无法保存的字符，请删除后重试。", field=field)
    if len(text) > rules.text_limit:
        raise BadInput(
            f"{label}有 {len(text)} 个字，最多 {rules.text_limit} 个字。"
            "请删减后再提交，已填内容仍在。",
            field=field,
            length=len(text),
            limit=rules.text_limit,
        )
    if required and len(text) < rules.answer_minimum:
        raise BadInput(f"请填写{label}。", field=field)
    return text


def checked_text(text: str, field: str, label: str, rules: Rules) -> str:
    """Check a required free text against the rules; raises `BadInput` at `field`."""
    return _text(text, field, label, rules)


def apply(case: Case, event: Event) -> Case:
    """Give the case after `event`; applying all events of a case in order rebuilds it."""
    match event:
        case Accepted():
            after = replace(case, state=State.ACCEPTED, number=event.number, tier=event.tier)
        case AnsweredDirectly():
            after = replace(case, replied_at=event.at)
        case Dispatched():
            after = replace(
                case,
                state=State.DISPATCHED,
                lead=event.lead,
                supports=event.supports,
                tier=event.tier,
                dispatched_at=event.at,
                due_at=event.due_at,
                provisional=event.provisional,
            )
        case Signed():
            after = replace(case, state=State.SIGNED, signed_at=event.at)
        case Replied():
            after = replace(case, state=State.REPLIED, replied_at=event.at)
        case Reviewed(verdict=Verdict.APPROVE):
            after = replace(case, state=State.APPROVED)
        case Reviewed():
            sent_back = case.sent_back + 1
            after = replace(case, state=State.SIGNED, sent_back=sent_back, replied_at=None)
        case Closed():
            after = replace(case, state=State.CLOSED, outcome=event.outcome, closed_at=event.at)
    return after
