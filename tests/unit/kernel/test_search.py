from hypothesis import given
from hypothesis import strategies as st

from rexian.kernel.search import bigrams, lexemes, tsquery_text, tsvector_text


def test_bigrams_overlap_and_words_stay_whole():
    assert bigrams("供水水质，K17路") == ["供水", "水水", "水质", "k", "17", "路"]


def test_every_character_and_pair_is_indexed():
    assert lexemes("停水了") == ["停", "停水", "水", "水了", "了"]
    assert tsvector_text("ＡＢＣ停水") == "abc 停 停水 水"


def test_one_and_two_character_words_are_single_lexemes():
    assert tsquery_text("水") == "'水'"
    assert tsquery_text("停水") == "'停水'"
    assert tsquery_text("自来水") == "'自来' & '来水'"
    assert tsquery_text("自来水", any_of=True) == "'自来' | '来水'"


def test_digits_match_by_prefix():
    assert tsquery_text("2026") == "'2026':*"


def test_nothing_to_look_for_is_an_empty_query():
    assert tsquery_text(" ,。!") == ""


@given(st.text(max_size=200))
def test_nothing_typed_reaches_the_query_language(text):
    query = tsquery_text(text)
    for term in query.split(" & ") if query else []:
        assert term.startswith("'")
        assert not set(term.removesuffix(":*")[1:-1]) & set("'\\&|!():*<> ")


@given(st.text(alphabet="停水供电abc12 ", min_size=1, max_size=30))
def test_what_is_asked_is_indexed(text):
    assert set(bigrams(text)) <= set(lexemes(text))
