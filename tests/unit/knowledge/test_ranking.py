"""Ranking and marking."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cases.loader import category_rows, read
from directory.loader import read as read_directory
from knowledge.loader import articles
from knowledge.ranking import Piece, marked, score, snippet


def test_a_hit_in_the_title_counts_more_than_one_in_the_body() -> None:
    in_title = score("停水", title="停水怎么办", keywords=(), body="")
    in_body = score("停水", title="怎么办", keywords=(), body="停水")
    assert in_title > in_body > 0
    assert score("停水", title="公积金", keywords=(), body="提取") == 0
    assert score("", title="停水", keywords=(), body="") == 0


def test_words_are_marked_where_they_stand() -> None:
    assert marked("家里停水怎么办", "停水") == [
        Piece("家里", hit=False),
        Piece("停水", hit=True),
        Piece("怎么办", hit=False),
    ]
    assert marked("水", "水") == [Piece("水", hit=True)]
    assert marked("", "水") == []


def test_the_snippet_is_cut_where_the_words_are() -> None:
    pieces = snippet("无关" * 100 + "异地就医备案" + "无关" * 100, "异地备案")
    shown = "".join(piece.text for piece in pieces)
    assert "异地就医备案" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")


@given(st.text(max_size=80), st.text(max_size=10))
def test_marking_changes_no_text(body: str, query: str) -> None:
    assert "".join(piece.text for piece in marked(body, query)) == body


def test_twelve_articles_each_complete_and_about_something_known() -> None:
    paths = {r["path"] for r in category_rows(read("categories.yaml")["categories"])}
    departments = {entry[0] for entry in read_directory("departments.yaml")["departments"]}
    found = articles()
    assert len(found) == 12
    assert len({article["id"] for article in found}) == 12
    for article in found:
        assert article["category"] in paths
        assert article["department"] in departments
        assert len(article["body"]) > 200
        assert date.fromisoformat(str(article["review_on"])) > date.fromisoformat(
            str(article["published_on"])
        )
