"""Every sentence marked in the desks and the web base has its English, with the same places."""

import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from approvals.model import RESULT_NAMES
from cases import words
from cases.deadlines import STANDING_NAMES, TIER_NAMES
from cases.model import STATE_NAMES
from contacts import queries as contacts
from hotspot.model import HEAT_NAMES
from outbound import model as outbound
from outbound.pages import WORK_NAMES
from outbound.queries import ERROR_NAMES
from rexian.kernel.settings import ROOT
from rexian.kernel.web.i18n import CATALOGUE, gettext, use_language
from rexian.kernel.web.render import Renderer

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
#: Names that reach a page through a variable, so that no extraction finds them.
NAMES = (
    STATE_NAMES,
    TIER_NAMES,
    STANDING_NAMES,
    HEAT_NAMES,
    RESULT_NAMES,
    WORK_NAMES,
    ERROR_NAMES,
    words.KIND_NAMES,
    words.EVENT_NAMES,
    words.TEXT_NAMES,
    words.OUTCOME_NAMES,
    contacts.CHANNEL_NAMES,
    contacts.OUTCOME_NAMES,
    outbound.CHANNEL_NAMES,
    outbound.STATE_NAMES,
)
PLACES = re.compile(r"%\(\w+\)[sd]")


def catalogue() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="en") if m.id}


@pytest.mark.parametrize(
    "room", ["agents", "approvals", "exchange", "hotspot", "outbound", "rexian/kernel/web"]
)
def test_every_marked_sentence_has_its_english(room):
    known = catalogue()
    found = {str(one[2]) for one in extract_from_dir(str(ROOT / room), method_map=METHODS)}
    assert found
    assert sorted(found - set(known)) == []


def test_no_english_is_empty_and_places_are_the_same():
    for chinese, english in catalogue().items():
        assert english.strip(), chinese
        assert sorted(PLACES.findall(chinese)) == sorted(PLACES.findall(english)), chinese


def test_the_language_belongs_to_the_request():
    use_language("en")
    assert gettext("登录") == "Sign in"
    use_language("zh")
    assert gettext("登录") == "登录"
    use_language("klingon")
    assert gettext("登录") == "登录"


def test_a_percent_sign_in_a_sentence_is_one():
    template = Renderer(ROOT).environment.from_string(
        "{{ _('不超过 5%，共 %(n)s 件', n='<b>') }} {{ _('不超过 5%%') }} {{ _('92%') }}"
    )
    assert template.render() == "不超过 5%，共 &lt;b&gt; 件 不超过 5% 92%"


@pytest.mark.parametrize("names", NAMES)
def test_every_name_shown_by_its_table_has_its_english(names):
    assert sorted(set(names.values()) - set(catalogue())) == []
