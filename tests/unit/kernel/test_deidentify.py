import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rexian.kernel.deidentify import (
    ACCOUNT,
    HOUSE,
    ID_CARD,
    KNOWN,
    LONGEST,
    MAIL,
    NAME,
    NUMBER,
    PHONE,
    PLATE,
    deidentify,
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("请回电13985550123。", f"请回电{PHONE}。"),
        ("请回电１３９８５５５０１２３。", f"请回电{PHONE}。"),
        ("座机0851-8555 0123", f"座机{PHONE}"),
        ("电话一三九八五五五零一二三", f"电话{NUMBER}"),
        ("卡号6222 0200 1111 2222 333", f"卡号{NUMBER}"),
        ("身份证520102199001011234办理", f"身份证{ID_CARD}办理"),
        ("车牌贵A·12345占道", f"车牌{PLATE}占道"),
        ("贵AD12345占道", f"{PLATE}占道"),
        ("邮箱shili@example.com", f"邮箱{MAIL}"),
        ("微信号shili_12345", f"微信号{ACCOUNT}"),
        ("我叫王示例，要求修路", f"我叫{NAME}，要求修路"),
        ("我姓李，要求修路", f"我姓{NAME}，要求修路"),
        ("联系人：王示例", f"联系人：{NAME}"),
        ("小区张先生反映停水", f"小区{NAME}先生反映停水"),
        ("刘某某占道经营", f"{NAME}占道经营"),
        ("住花果园12栋3单元2501室漏水", f"住花果园{HOUSE}漏水"),
        ("中华北路123号附5号漏水", f"中华北路{HOUSE}漏水"),
    ],
)
def test_what_tells_who_somebody_is_goes(text, clean):
    assert deidentify(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "花溪大道旁施工噪声，2号线夜里震动",
        "2026年11月21日停水，11月3号也停过",
        "我是白云区的居民，K17路公交不停站",
        "95号汽油涨价，水价2.5元",
        "工单12345-20261121-00001还没有答复",
        "水质发黄，一楼下水道堵塞",
    ],
)
def test_the_matter_stays(text):
    assert deidentify(text) == text


def test_the_callers_own_words_go_wherever_they_stand():
    text = "示例家园门口，示例翁每天经过示例家园"
    assert deidentify(text, ["示例翁", "示例家园"]) == f"{KNOWN}门口，{KNOWN}每天经过{KNOWN}"


@pytest.mark.parametrize(
    "part", ["a", "1", "a.", "一", "1号", "贵A", "我叫", "王某", "1 ", "QQ", "1-", " "]
)
def test_a_hostile_text_costs_no_time(part):
    begun = time.process_time()
    deidentify("姓名" + part * 100_000)
    assert time.process_time() - begun < 1


def test_a_text_of_100_000_characters_is_cut():
    assert len(deidentify("停水了" * 33_334)) == LONGEST


@given(st.text(alphabet="0123456789０１２３- .、贵A我叫王号栋年月日x＋+", max_size=80))
def test_no_run_of_seven_digits_survives_but_a_date(text):
    clean = re.sub(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?", "", deidentify(text))
    assert not re.search(r"(?<!\d)\d(?:[ \-.、]?\d){6,}", clean)


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing_more(text):
    once = deidentify(text)
    assert len(deidentify(once)) <= len(once) + len(HOUSE) * 8
