"""The directory's seed files."""

from __future__ import annotations

import re
from collections import Counter

from directory.loader import place_rows, read, user_id
from rexian.kernel.actor import Role


def test_guiyang_has_six_districts_three_counties_one_city_and_85_townships() -> None:
    rows = place_rows(read("places.yaml"))
    kinds = Counter(row["kind"] for row in rows if row["level"] == "district")
    assert kinds == {"市辖区": 6, "县": 3, "县级市": 1}
    townships = [row for row in rows if row["level"] == "township"]
    assert len(townships) == 85
    assert len({row["name"] for row in townships}) == 85
    assert Counter(row["kind"] for row in townships)["民族乡"] == 18
    for row in townships:
        assert re.fullmatch(r"5201\d{5}", row["code"])
        assert row["code"].startswith(str(row["parent"]))
        assert row["name"].endswith(("街道", "镇", "乡"))


def test_40_departments_with_responsibilities_and_a_government_for_each_district() -> None:
    departments = read("departments.yaml")["departments"]
    assert len(departments) == 40
    assert len({entry[0] for entry in departments}) == 40
    assert len({entry[1] for entry in departments}) == 40
    for entry in departments:
        assert re.fullmatch(r"D-[A-Z]+", entry[0])
        assert len(entry[4]) >= 15
    places = {entry[5] for entry in departments if len(entry) > 5}
    districts = {r["code"] for r in place_rows(read("places.yaml")) if r["level"] == "district"}
    assert places == districts


def test_twelve_seats_five_department_logins_and_fictional_people() -> None:
    people = read("people.yaml")
    seats = [number for group in people["seats"] for number in group["numbers"]]
    assert seats == [str(number) for number in range(1001, 1013)]
    roles = Counter(role for _, _, role, _, _ in people["users"])
    assert roles == {
        Role.AGENT: 12,
        Role.DEPARTMENT: 5,
        Role.TEAM_LEADER: 1,
        Role.CENTRE: 1,
        Role.SUPERVISOR: 1,
        Role.ADMIN: 1,
    }
    assert all("示例" in name for _, name, _, _, _ in people["users"])
    assert user_id("water") == user_id("water") != user_id("urban")
