import pytest
from hypothesis import given
from hypothesis import strategies as st

from rexian.kernel.phone import BadNumber, Kind, parse


@pytest.mark.parametrize(
    ("text", "kind", "e164", "display"),
    [
        ("12345", Kind.SERVICE, "12345", "12345"),
        ("110", Kind.SERVICE, "110", "110"),
        ("119", Kind.SERVICE, "119", "119"),
        ("120", Kind.SERVICE, "120", "120"),
        ("122", Kind.SERVICE, "122", "122"),
        ("96796", Kind.SERVICE, "96796", "96796"),
        ("010 12345", Kind.SERVICE, "01012345", "010-12345"),
        ("0851-12345", Kind.SERVICE, "085112345", "0851-12345"),
        ("1012", Kind.EXTENSION, "1012", "1012"),
        ("801", Kind.EXTENSION, "801", "801"),
        ("85550123", Kind.LANDLINE, "+8685185550123", "0851-8555 0123"),
        ("0851 8555 0123", Kind.LANDLINE, "+8685185550123", "0851-8555 0123"),
        ("(0851)85550123", Kind.LANDLINE, "+8685185550123", "0851-8555 0123"),
        ("８５５５０１２３", Kind.LANDLINE, "+8685185550123", "0851-8555 0123"),
        ("02085550123", Kind.LANDLINE, "+862085550123", "020-8555 0123"),
        ("13985550123", Kind.MOBILE, "+8613985550123", "139 8555 0123"),
        ("+8613985550123", Kind.MOBILE, "+8613985550123", "139 8555 0123"),
        ("8613985550123", Kind.MOBILE, "+8613985550123", "139 8555 0123"),
        ("008613985550123", Kind.MOBILE, "+8613985550123", "139 8555 0123"),
        ("013985550123", Kind.MOBILE, "+8613985550123", "139 8555 0123"),
        ("400-812-3456", Kind.SHARED, "+864008123456", "400 812 3456"),
        ("+1 415 555 2671", Kind.FOREIGN, "+14155552671", "+1 415-555-2671"),
    ],
)
def test_numbers_as_people_write_them(text, kind, e164, display):
    phone = parse(text)
    assert (phone.kind, phone.e164, phone.display) == (kind, e164, display)


@pytest.mark.parametrize("text", ["0851-85550123-801", "85550123转801", "85550123 ext.801"])
def test_an_extension_behind_a_number_is_kept(text):
    phone = parse(text)
    assert phone.e164 == "+8685185550123"
    assert phone.extension == "801"
    assert phone.display.endswith("转801")


@pytest.mark.parametrize(
    "text",
    ["", "anonymous", "${SHELL(id)}", "1" * 40, "99999999999", "a" * 500, "052885550123", "12"],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(BadNumber) as caught:
        parse(text)
    assert "号码" in caught.value.sentence
    assert text not in str(caught.value) or not text


def test_a_code_behind_an_area_code_is_no_subscriber():
    assert not parse("010 12345").subscriber
    assert not parse("010 12345").takes_sms
    assert parse("010-65001234").subscriber


def test_the_area_is_named_in_chinese():
    assert parse("85550123").area_name == "贵州省贵阳市"
    assert parse("0851-2281 0123").area_name == "贵州省遵义市"
    assert parse("13985550123").area_name == "贵州省贵阳市"
    assert parse("010-65001234").area_name == "北京市"
    assert parse("12345").area_name == ""
    assert parse("400-812-3456").area_name == ""


def test_masking_hides_the_middle():
    assert parse("13985550123").masked() == "139****0123"
    assert parse("85550123转801").masked() == "0851-****0123"
    assert parse("12345").masked() == "12345"


def test_what_a_trunk_dials():
    assert parse("85550123").dialled() == "085185550123"
    assert parse("+8613985550123").dialled() == "13985550123"
    assert parse("+14155552671").dialled() == "0014155552671"
    assert parse("010 12345").dialled() == "01012345"


def test_another_city_sets_its_own_area_code():
    assert parse("85550123", area="020").e164 == "+862085550123"


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_refused_and_parsing_is_stable(text):
    try:
        phone = parse(text)
    except BadNumber:
        return
    assert parse(phone.display).e164 == phone.e164
    assert parse(phone.dialled()).e164 == phone.e164
