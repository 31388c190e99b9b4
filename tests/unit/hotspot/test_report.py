from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotspot.bursts import Thresholds
from hotspot.heat import distinct_citizens, heat
from hotspot.model import CaseFact, Heat
from hotspot.report import report

TODAY = date(2026, 11, 18)
NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
LIMITS = Thresholds()


def fact(n, days_ago=0.0, topic="010101", place="520102031", citizen="?", closed=False):
    at = NOON - timedelta(days=days_ago)
    who = f"z{n}" if citizen == "?" else citizen
    return CaseFact(f"c{n:04d}", f"N{n}", topic, place, who, at, at if closed else None)


def background():
    """Two cases a week for eight weeks at each of four places."""
    places = ("520102031", "520103100", "520111101", "520112100")
    return [
        fact(1000 + 100 * p + n, 8 + 3.5 * n, place=place)
        for p, place in enumerate(places)
        for n in range(15)
    ]


def test_a_single_new_case_is_listed_at_its_topic_and_place():
    (spot,) = report([fact(1)], {"c0001": "自来水发黄"}, TODAY, LIMITS)
    assert (spot.topic, spot.place, spot.state) == ("010101", "520102031", Heat.WATCH)
    assert (spot.observed, spot.today, spot.before, spot.citizens) == (1, 1, 0, 1)
    assert spot.cases == ("c0001",)
    assert spot.matters == ()


def test_a_burst_at_one_place_is_hot_and_first():
    burst = [fact(n, n % 3) for n in range(9)]
    first, *rest = report(background() + burst, {}, TODAY, LIMITS)
    assert first.state is Heat.HOT
    assert (first.place, first.observed) == ("520102031", 9)
    assert first.expected < 4
    assert all(spot.state is Heat.WATCH for spot in rest)


def test_a_busy_week_everywhere_is_no_hotspot_anywhere():
    places = ("520102031", "520103100", "520111101", "520112100")
    busy = [fact(10 * p + n, n, place=place) for p, place in enumerate(places) for n in range(5)]
    assert {spot.state for spot in report(background() + busy, {}, TODAY, LIMITS)} <= {
        Heat.WATCH,
        Heat.WARMING,
    }
    alone = report(background() + busy[:5], {}, TODAY, LIMITS)[0]
    together = next(
        spot for spot in report(background() + busy, {}, TODAY, LIMITS) if spot.place == "520102031"
    )
    assert alone.chance < together.chance


def test_one_persistent_caller_is_no_hotspot():
    (spot,) = report([fact(n, 0, citizen="z1") for n in range(9)], {}, TODAY, LIMITS)
    assert spot.state is Heat.WATCH
    assert spot.citizens == 1


def test_a_district_has_a_line_when_it_is_hotter_than_each_of_its_townships():
    spread = [fact(n, n % 3, place=f"52010200{n % 6}") for n in range(12)]
    spots = report(background() + spread, {}, TODAY, LIMITS)
    assert (spots[0].place, spots[0].state, spots[0].observed) == ("520102", Heat.HOT, 12)
    assert len(spots) == 7
    quiet = report([fact(1), fact(2, place="520102030")], {}, TODAY, LIMITS)
    assert {spot.place for spot in quiet} == {"520102031", "520102030"}


def test_cases_without_a_township_join_in_their_district():
    spots = report([fact(1), fact(2, place="520102")], {}, TODAY, LIMITS)
    by_place = {spot.place: spot.cases for spot in spots}
    assert by_place == {"520102031": ("c0001",), "520102": ("c0001", "c0002")}


def test_old_cases_are_history_and_no_lines():
    assert report([fact(1, 8)], {}, TODAY, LIMITS) == []
    (spot,) = report([fact(1, 8), fact(2, 1)], {}, TODAY, LIMITS)
    assert (spot.observed, spot.before) == (1, 1)


def test_repeats_become_a_matter_with_earlier_cases_of_the_same():
    texts = {
        "c0001": "花果园自来水发黄有异味",
        "c0002": "花果园自来水发黄，味道很重，有异味",
        "c0003": "水价咨询",
    }
    (spot,) = report([fact(1, 9), fact(2), fact(3)], texts, TODAY, LIMITS)
    (matter,) = spot.matters
    assert matter.cases == ("c0001", "c0002")
    assert "自来水" in matter.label


def test_the_day_turns_in_shanghai():
    late = datetime(2026, 11, 17, 16, 30, tzinfo=UTC)
    (spot,) = report([CaseFact("c", "N", "010101", "", None, late)], {}, TODAY, LIMITS)
    assert spot.today == 1
    assert spot.place == ""


def test_heat_counts_people_first():
    assert heat([fact(1), fact(2)]) == 2
    assert heat([fact(1, citizen="a"), fact(2, citizen="a")]) < 2.5
    assert distinct_citizens([fact(1, citizen=None), fact(2, citizen=None)]) == 2


facts = st.builds(
    fact,
    st.integers(0, 9999),
    st.floats(0, 70),
    st.sampled_from(["010101", "010102"]),
    st.sampled_from(["520102031", "520102030", "520102", "520103100", ""]),
    st.sampled_from(["a", "b", "c", None]),
)


@given(st.lists(facts, max_size=25, unique_by=lambda one: one.id), st.randoms())
def test_the_order_of_the_facts_changes_nothing_and_every_case_is_listed(known, order):
    spots = report(known, {}, TODAY, LIMITS)
    shuffled = known[:]
    order.shuffle(shuffled)
    assert report(shuffled, {}, TODAY, LIMITS) == spots
    listed = {case for spot in spots for case in spot.cases}
    window = TODAY - timedelta(days=6)
    assert listed == {
        one.id for one in known if window <= (one.accepted_at + timedelta(hours=8)).date() <= TODAY
    }
    for spot in spots:
        assert spot.observed == len(spot.cases) == len(set(spot.cases))
        assert 0 <= spot.chance <= 1
        assert spot.citizens <= spot.observed
