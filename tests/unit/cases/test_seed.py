"""The category tree and the docs made from code."""

from __future__ import annotations

from cases import diagram
from cases.deadlines import Tier
from cases.loader import category_rows, read
from directory.loader import read as read_directory

ROWS = list(category_rows(read("categories.yaml")["categories"]))
LEAVES = [row for row in ROWS if row["level"] == 3]


def test_about_150_leaves_each_with_keywords_and_a_department_that_exists() -> None:
    departments = {entry[0] for entry in read_directory("departments.yaml")["departments"]}
    assert 140 <= len(LEAVES) <= 160
    for row in LEAVES:
        assert row["department"] in departments, row["path"]
        assert len(row["keywords"]) >= 3, row["path"]
        assert row["tier"] is None or Tier(row["tier"])


def test_codes_and_paths_are_unique_and_each_parent_comes_before_its_children() -> None:
    codes = [row["code"] for row in ROWS]
    assert len(set(codes)) == len(codes)
    assert len({row["path"] for row in ROWS}) == len(codes)
    seen: set[str | None] = {None}
    for row in ROWS:
        assert row["parent"] in seen
        seen.add(row["code"])


def test_the_reference_page_shows_the_table_as_it_is() -> None:
    assert diagram.main(["--check"]) == 0, "run python -m cases.diagram"
