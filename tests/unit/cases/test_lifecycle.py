"""The life of a case: the table, and what holds for any sequence of commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.deadlines import Deadlines, Tier
from cases.lifecycle import TABLE, Rules, apply, decide, verbs
from cases.model import (
    Accept,
    Accepted,
    AnswerDirectly,
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
    Sign,
    State,
    Verdict,
)
from rexian.kernel.errors import BadInput, NotAllowed
from rexian.kernel.workdays import WorkCalendar

START = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
RULES = Rules(Deadlines(WorkCalendar()))
DEPARTMENTS = ("D-WATER", "D-URBAN", "D-HOUSING")

departments = st.sampled_from(DEPARTMENTS)
texts = st.text(max_size=40)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(Accept, number=st.just("12345-20261118-00001"), tier=st.sampled_from(Tier)),
    st.builds(AnswerDirectly, answer=texts),
    st.builds(
        Dispatch,
        lead=departments,
        supports=st.lists(departments, max_size=2).map(tuple),
        tier=st.none() | st.sampled_from(Tier),
    ),
    st.builds(Sign, department=departments),
    st.builds(Reply, department=departments, public=texts, internal=texts),
    st.builds(Review, verdict=st.sampled_from(Verdict), comment=texts),
    st.just(Close()),
)
steps = st.lists(st.tuples(commands, st.integers(0, 20_000)), max_size=30)


def play(script: list[tuple[Command, int]]) -> tuple[Case, list[Event], list[Case]]:
    case, at = Case(id="c"), START
    log: list[Event] = []
    seen = [case]
    for command, minutes in script:
        at += timedelta(minutes=minutes)
        try:
            decided = decide(case, command, at, RULES)
        except (NotAllowed, BadInput):
            continue
        for event in decided:
            case = apply(case, event)
        log += decided
        seen.append(case)
    return case, log, seen


@given(steps)
@settings(max_examples=150, deadline=None)
def test_any_sequence_of_commands_keeps_the_invariants(script: list[tuple[Command, int]]) -> None:
    case, log, seen = play(script)
    rebuilt = Case(id="c")
    for event in log:
        rebuilt = apply(rebuilt, event)
    assert rebuilt == case
    assert [event.at for event in log] == sorted(event.at for event in log)
    assert sum(isinstance(event, Accepted) for event in log) <= 1
    assert sum(isinstance(event, Closed) for event in log) <= 1
    assert not log or isinstance(log[0], Accepted)
    for state in seen:
        if state.state in {State.DISPATCHED, State.SIGNED, State.REPLIED, State.APPROVED}:
            assert state.lead in DEPARTMENTS
            assert state.dispatched_at is not None
            assert state.due_at is not None
            assert state.due_at > state.dispatched_at
        if state.state is State.CLOSED:
            assert verbs(state.state) == ()
            assert (state.outcome is Outcome.ANSWERED_DIRECTLY) == (state.lead is None)
    for event in log:
        if isinstance(event, Replied):
            assert case.due_at is not None
            assert event.on_time == (event.at <= case.due_at)
            assert event.public.strip()


@given(steps)
@settings(max_examples=100, deadline=None)
def test_the_promise_starts_at_dispatch_and_signing_moves_nothing(
    script: list[tuple[Command, int]],
) -> None:
    _, log, _ = play(script)
    for event in log:
        if isinstance(event, Dispatched):
            assert event.due_at == RULES.deadlines.promise(event.tier, event.at).due_at


@given(steps, commands)
@settings(max_examples=150, deadline=None)
def test_a_refused_command_leaves_the_case_and_says_why(
    script: list[tuple[Command, int]], command: Command
) -> None:
    case, _, _ = play(script)
    allowed = {row.command for row in TABLE if case.state in row.sources}
    refused: NotAllowed | BadInput | None = None
    try:
        decided = decide(case, command, START + timedelta(days=900), RULES)
    except (NotAllowed, BadInput) as error:
        refused = error
    if refused is None:
        assert type(command) in allowed
        assert decided
    elif isinstance(refused, NotAllowed):
        assert type(command) not in allowed or refused.details["rule"] in {"lead_only", "state"}
        assert refused.sentence
    else:
        assert refused.field


def _at(state: State) -> Case:
    return Case(id="c", state=state, lead="D-WATER", due_at=START, dispatched_at=START)


@pytest.mark.parametrize("state", State)
def test_the_table_is_what_decide_does(state: State) -> None:
    examples: dict[str, Command] = {
        "accept": Accept("n", Tier.HELP),
        "answer_directly": AnswerDirectly("答复"),
        "dispatch": Dispatch("D-WATER"),
        "sign": Sign("D-WATER"),
        "reply": Reply("D-WATER", "答复"),
        "approve": Review(Verdict.APPROVE),
        "send_back": Review(Verdict.SEND_BACK, "补充"),
        "close": Close(),
    }
    assert {row.verb for row in TABLE} == set(examples)
    for row in TABLE:
        case = _at(state)
        if state not in row.sources:
            with pytest.raises(NotAllowed):
                decide(case, examples[row.verb], START, RULES)
            continue
        for event in decide(case, examples[row.verb], START, RULES):
            case = apply(case, event)
        assert case.state is row.target


def test_every_state_is_reached_and_only_the_last_has_no_way_on() -> None:
    assert {row.target for row in TABLE} | {State.NEW} == set(State)
    assert [state for state in State if not verbs(state)] == [State.CLOSED]


def test_a_text_over_the_limit_is_refused_with_its_length_and_nothing_is_cut() -> None:
    case = _at(State.SIGNED)
    with pytest.raises(BadInput) as refused:
        decide(case, Reply("D-WATER", "水" * 100_000), START, RULES)
    assert refused.value.field == "public"
    assert refused.value.details == {"length": 100_000, "limit": 20_000}
    decided = decide(case, Reply("D-WATER", "水" * 20_000), START, RULES)
    assert isinstance(decided[0], Replied)
    assert len(decided[0].public) == 20_000


def test_a_lead_cannot_support_itself_and_supports_are_named_once() -> None:
    case = _at(State.ACCEPTED)
    with pytest.raises(BadInput) as refused:
        decide(case, Dispatch("D-WATER", ("D-WATER",)), START, RULES)
    assert refused.value.field == "supports"
    decided = decide(case, Dispatch("D-WATER", ("D-URBAN", "", "D-URBAN")), START, RULES)
    assert isinstance(decided[0], Dispatched)
    assert decided[0].supports == ("D-URBAN",)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        decide(Case(id="c"), Accept("n", Tier.HELP), datetime(2026, 1, 1), RULES)  # noqa: DTZ001 - the point of the test
