"""Category suggestions on sentences as callers say them."""

from __future__ import annotations

import pytest

from cases.categories import Category
from cases.loader import category_rows, read
from cases.suggest import rank

TREE = [
    Category(
        row["code"], row["parent"], row["level"], row["name"], row["path"],
        tuple(row["keywords"]), row["department"], row["tier"],
    )
    for row in category_rows(read("categories.yaml")["categories"])
    if row["level"] == 3
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("我家自来水这两天发黄，还有一股漂白粉味", "城乡建设/供水/水质"),
        ("花果园从昨天开始停水，到现在还没来水", "城乡建设/供水/停水"),
        ("楼下工地半夜施工打桩，吵得睡不着", "城市管理/犬只与噪声扰民/夜间施工噪声"),
        ("广场舞音响声音太大扰民", "城市管理/犬只与噪声扰民/社会生活噪声"),
        ("健身房关门跑路了，会员卡里的钱不退", "市场监管/消费维权/预付卡"),
        ("老板拖欠农民工工资三个月不发", "人力社保/劳动关系/拖欠工资"),
        ("公积金租房提取要带什么材料", "财税金融与公积金/住房公积金/公积金提取"),
        ("医保异地就医备案怎么办", "医疗健康/医疗保障/异地就医"),
        ("楼道里有煤气味，怀疑燃气泄漏", "城乡建设/供气/燃气泄漏"),
        ("小区门口的路灯坏了好几天不亮", "城市管理/市政设施/路灯故障"),
        ("我想把户口迁到贵阳，怎么落户", "公安政法/户籍证件/户口办理"),
        ("邻居家的狗天天叫，遛狗不牵绳", "城市管理/犬只与噪声扰民/犬只扰民"),
    ],
)
def test_the_first_suggestion_is_right_and_says_why(said: str, path: str) -> None:
    best = rank(said, TREE)[0]
    assert best.category.path == path
    assert best.reasons
    assert all(reason in said or reason in path for reason in best.reasons)
    assert 0 < best.confidence < 100


@pytest.mark.parametrize("said", ["", "   ", "你好", "。！？", "abc", "\x00" * 50])
def test_words_that_say_nothing_suggest_nothing(said: str) -> None:
    assert rank(said, TREE) == []


def test_a_long_text_is_ranked_by_its_beginning_in_time_for_typing() -> None:
    assert rank("自来水发黄" + "无关" * 50_000, TREE)[0].category.name == "水质"


def test_a_clear_sentence_is_surer_than_a_vague_one() -> None:
    clear = rank("自来水浑浊发黄有异味", TREE)[0]
    vague = rank("收费", TREE)[0]
    assert clear.confidence > vague.confidence
