"""How times and spans are written, and who hears which live message."""

from datetime import UTC, datetime, timedelta

import pytest

from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import BadInput
from rexian.kernel.web import formats
from rexian.kernel.web.forms import FormValues
from rexian.kernel.web.i18n import use_language
from rexian.kernel.web.live import topic_of, topics_of
from rexian.kernel.web.nav import NavItem, visible
from rexian.kernel.web.signin import home_of, safe_next

NOW = datetime(2026, 11, 21, 18, 30, 5, tzinfo=UTC)


def test_times_are_shown_in_the_citys_time():
    assert formats.full_time(NOW) == "2026-11-22 02:30:05"
    assert formats.day_time(NOW) == "11-22 02:30"
    assert formats.iso(NOW) == "2026-11-21T18:30:05Z"
    assert formats.full_time(None) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 秒"),
        (9, "9 秒"),
        (192, "3 分 12 秒"),
        (3600, "1 小时"),
        (3 * 86400 + 7200, "3 天 2 小时"),
    ],
)
def test_spans_have_at_most_two_units(seconds, words):
    use_language("zh")
    assert formats.span(seconds) == words
    assert formats.span(timedelta(seconds=seconds)) == words


def test_a_promise_is_a_word_and_a_colour():
    use_language("zh")
    assert formats.remaining(NOW + timedelta(hours=5), NOW) == "剩 5 小时"
    assert formats.remaining(NOW - timedelta(hours=2), NOW) == "超时 2 小时"
    states = [formats.promise_state(NOW + timedelta(hours=h), NOW) for h in (9, 1, -1)]
    assert states == ["ok", "warn", "bad"]


def test_a_calls_clock():
    assert formats.timer(167) == "02:47"
    assert formats.timer(3767) == "1:02:47"
    assert formats.timer(-3) == "00:00"


def test_a_field_past_its_limit_says_how_much():
    values = FormValues({"text": "水" * 11})
    with pytest.raises(BadInput) as refused:
        values.text("text", limit=10)
    assert refused.value.field == "text"
    assert "最多 10 字，现在有 11 字" in refused.value.sentence


def test_live_messages_reach_whom_they_are_for():
    agent = Actor("user", "u1", Role.AGENT, seat="1012")
    water = Actor("user", "u2", Role.DEPARTMENT, department="D-WATER")
    call = topic_of({"seat": "1012", "what": "call"})
    inbox = topic_of({"department": "D-WATER", "what": "inbox"})
    everybody = topic_of({"what": "case"})
    assert call in topics_of(agent)
    assert call not in topics_of(water)
    assert inbox in topics_of(water)
    assert everybody in topics_of(agent) & topics_of(water)


def test_navigation_shows_what_may_be_used():
    from agents.pages import NAV

    department = Actor("user", "u", Role.DEPARTMENT, department="D-WATER")
    assert [item.path for item in visible(NAV, department)] == ["/inbox", "/cases", "/knowledge"]
    assert visible(NAV, None) == []
    assert NAV[3].current("/cases/1")
    assert not NavItem("/case", "x", NAV[0].permission).current("/cases")


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.AGENT, "/desk"),
        (Role.TEAM_LEADER, "/desk"),
        (Role.DEPARTMENT, "/inbox"),
        (Role.CENTRE, "/review"),
        (Role.SUPERVISOR, "/hotspots"),
        (Role.ADMIN, "/me"),
    ],
)
def test_each_role_begins_where_its_work_is(role, home):
    assert home_of(Actor("user", "u", role)) == home


@pytest.mark.parametrize("target", ["//x", "https://x", "/\\x", "/sign-in", "/a\nb", "x", ""])
def test_only_paths_of_ours_are_gone_on_to(target):
    assert safe_next(target) == ""
    assert safe_next("/cases/1?q=2") == "/cases/1?q=2"
