"""The machine: whatever a caller does, the call ends, and ends with a person unless refused."""

from hypothesis import given
from hypothesis import strategies as st

from approvals.model import Result
from cases.model import State
from ivr.loader import load_menus
from ivr.machine import (
    Collect,
    Decide,
    Digits,
    Facts,
    HangUp,
    HungUp,
    Input,
    Lookup,
    LookupDone,
    Play,
    Silence,
    Started,
    Step,
    ToEmergency,
    ToQueue,
    advance,
    start,
)
from ivr.types import Tell

MENUS = load_menus()
DAY = Facts()
BOUND = 60

keys = st.text(alphabet="0123456789*#", max_size=14)
results = st.one_of(
    st.none(), st.dictionaries(st.sampled_from(["state", "due", "number"]), st.text(max_size=20))
)
inputs = st.one_of(
    st.builds(Digits, keys),
    st.just(Silence()),
    st.just(Started()),
    st.builds(LookupDone, results, st.booleans()),
)


def walk(*given_inputs: Input, line: str = "12345", facts: Facts = DAY) -> Step:
    step = start(MENUS, line, facts)
    for one in given_inputs:
        step = advance(MENUS, step.state, one)
    return step


def played(step: Step) -> list[str]:
    return [
        prompt for effect in step.effects if isinstance(effect, Play) for prompt in effect.prompts
    ]


@given(
    line=st.sampled_from(sorted(MENUS.menus)),
    situation=st.sampled_from(["day", "night", "overload"]),
    script=st.lists(inputs, min_size=BOUND, max_size=BOUND),
)
def test_every_call_ends_in_a_decision_and_with_a_person_unless_otherwise_chosen(
    line, situation, script
):
    step = start(MENUS, line, Facts(situation))
    taken: list[Input] = []
    for one in script:
        if step.decision:
            break
        assert isinstance(step.effects[-1], Collect | Lookup)
        assert not any(isinstance(effect, Decide) for effect in step.effects[:-1])
        step = advance(MENUS, step.state, one)
        taken.append(one)
    assert step.decision is not None
    assert len(taken) <= MENUS.menus[line].limit
    if not isinstance(step.decision, ToQueue):
        last = taken[-1]
        assert isinstance(last, Digits)
        chosen = {"6": "110", "7": "119", "8": "120", "9": "122"}
        if isinstance(step.decision, ToEmergency):
            assert step.decision.number == chosen[last.text[0]]
        else:
            assert isinstance(step.decision, HangUp)
            assert last.text[0] == "9"


@given(script=st.lists(inputs, max_size=20))
def test_hanging_up_at_any_step_ends_the_menu_and_nothing_follows(script):
    step = walk(*script)
    if step.state.ended:
        return
    step = advance(MENUS, step.state, HungUp())
    assert step.decision == HangUp("caller")
    assert advance(MENUS, step.state, Digits("1")).effects == ()


def test_human_first_says_that_the_call_is_recorded_and_any_key_cuts_it_short():
    step = walk()
    assert step.effects[0] == Play(("greeting-12345",), "0123456789*#")
    assert step.effects[1] == Collect(1, 800, 800)


def test_silence_during_the_greeting_goes_straight_to_the_queue():
    step = walk(Silence())
    assert step.effects == (Decide(ToQueue("12345", "greeting")),)


def test_any_key_opens_the_menu_and_zero_reaches_a_person():
    for key in "123456789*#":
        assert played(walk(Digits(key))) == ["menu-12345"]
    assert walk(Digits("0")).decision == ToQueue("12345", "asked")
    assert walk(Digits("5"), Digits("0")).decision == ToQueue("12345", "asked")


def test_silence_in_a_menu_reaches_a_person():
    assert walk(Digits("5"), Silence()).decision == ToQueue("12345", "silence")
    assert walk(Digits("5"), Digits("1"), Silence()).decision == ToQueue("12345", "silence")


def test_a_wrong_key_three_times_reaches_a_person():
    step = walk(Digits("1"), Digits("3"))
    assert played(step) == ["wrong-key", "menu-12345"]
    assert walk(Digits("1"), Digits("3"), Digits("4"), Digits("5")).decision == ToQueue(
        "12345", "wrong_digits"
    )


def test_wrong_digits_three_times_reach_a_person():
    short = Digits("2026")
    step = walk(Digits("1"), Digits("1"), short, short)
    assert played(step) == ["wrong-case-number", "ask-case-number"]
    step = advance(MENUS, step.state, short)
    assert step.decision == ToQueue("12345", "wrong_digits")


def test_star_while_keying_a_number_reaches_a_person():
    assert walk(Digits("1"), Digits("1"), Digits("2026*")).decision == ToQueue("12345", "asked")


def looked_up(*answers: LookupDone) -> Step:
    step = walk(Digits("1"), Digits("1"))
    for answer in answers:
        for keyed in ("2026112100001", "123456"):
            step = advance(MENUS, step.state, Digits(keyed))
        assert step.effects[-1] == Lookup(
            "case_status", {"number": "2026112100001", "code": "123456"}
        )
        step = advance(MENUS, step.state, answer)
    return step


def test_a_case_is_told_digit_by_digit_with_its_state():
    step = looked_up(LookupDone({"state": "signed"}))
    digits = [f"digit-{digit}" for digit in "2026112100001"]
    assert played(step)[:15] == ["your-case", *digits, "state-signed"]
    assert step.effects[0] == Play(tuple(played(step)[:15]), "0123456789*")
    again = advance(MENUS, step.state, Digits("1"))
    assert played(again) == played(step)
    assert advance(MENUS, step.state, Digits("9")).decision == HangUp("done")


def test_a_state_nobody_has_words_for_is_said_to_be_in_hand():
    assert "state-in-hand" in played(looked_up(LookupDone({"state": "teleported"})))


def test_a_case_not_found_may_be_tried_three_times():
    nothing = LookupDone(None)
    assert played(looked_up(nothing)) == ["not-found", "ask-case-number"]
    assert looked_up(nothing, nothing, nothing).decision == ToQueue("12345", "wrong_digits")


def test_a_failed_look_up_never_blocks():
    assert looked_up(LookupDone(None, failed=True)).decision == ToQueue("12345", "lookup_failed")


def test_the_community_line_starts_with_its_menu_and_hands_government_matters_over():
    assert played(walk(Silence(), line="96796")) == ["menu-96796"]
    step = walk(Silence(), Digits("3"), line="96796")
    assert step.decision == ToQueue("12345", "government")


def test_emergency_keys_connect_at_once():
    for key, number in {"6": "110", "7": "119", "8": "120", "9": "122"}.items():
        for line in ("12345", "96796"):
            assert walk(Digits("5"), Digits(key), line=line).decision == ToEmergency(number)


def test_overload_turns_the_menu_first():
    step = walk(Silence(), facts=Facts("overload"))
    assert played(step) == ["menu-12345"]


def test_a_line_without_a_menu_and_a_menu_that_lost_its_node_lead_to_a_person():
    assert walk(line="10000").decision == ToQueue("10000", "no_menu")
    state = start(MENUS, "12345", DAY).state
    lost = type(state)("12345", "gone")
    assert advance(MENUS, lost, Silence()).decision == ToQueue("12345", "menu_changed")


def test_every_state_of_a_case_and_every_result_of_an_approval_has_words():
    nodes = MENUS.menus["12345"].nodes
    for node, words in (("case-told", State), ("approval-told", Result)):
        tell = nodes[node]
        assert isinstance(tell, Tell)
        said = next(piece.prompts for piece in tell.pieces if piece.kind == "one_of")
        assert {word.value for word in words} - {"new"} == set(said)
