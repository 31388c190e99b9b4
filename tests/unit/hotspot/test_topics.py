import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.topics import Text, cosine, grams, label, linkage, repeats

WATER = [
    "花果园自来水发黄有异味，要求检测水质",
    "花果园的自来水从昨天起发黄，有异味",
    "家住花果园，自来水又黄又臭，请检测水质",
]
NOISE = ["青岩古镇工地夜间施工噪声大", "青岩古镇旁边工地半夜施工，噪声影响休息"]


def told(words, place="520102031", day=1):
    return [Text(f"c{n}", text, place, day) for n, text in enumerate(words)]


def test_repeats_are_found_and_others_left_apart():
    groups = repeats(told([*WATER, *NOISE, "申请公租房需要什么材料"]), 0.15, 30)
    assert groups == [[0, 1, 2], [3, 4]]


def test_place_and_time_gate_the_joining():
    here, there = told(WATER[:1]), told(WATER[:1], place="520111101")
    assert repeats([*here, *there], 0.15, 30) == []
    assert repeats([*here, *told(WATER[:1], day=40)], 0.15, 30) == []
    assert repeats([*here, *told(WATER[:1], place="520102")], 0.15, 30) == [[0, 1]]


def test_scrubbed_words_and_punctuation_do_not_count():
    assert grams("水，〔姓名〕质！") == ["水质"]
    assert repeats(told(["〔姓名〕〔电话〕"] * 2), 0.15, 30) == []


def test_a_label_names_what_most_share():
    words = label(WATER)
    assert "自来水" in words
    assert len(words.split()) <= 2
    assert label(["甲", "乙"]) == ""


@given(st.lists(st.text(alphabet="停水电气黄臭abc", max_size=12), min_size=1, max_size=8))
def test_cosine_is_symmetric_and_at_most_one(words):
    found = cosine(words)
    assert np.allclose(found, found.T)
    assert found.max() <= 1.0001
    assert found.min() >= 0


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 10), st.floats(0.1, 0.9))
def test_linkage_parts_all_and_joins_only_what_is_allowed(seed, size, least):
    rng = np.random.default_rng(seed)
    drawn = rng.random((size, size), dtype=np.float32)
    likeness = ((drawn + drawn.T) / 2).astype(np.float32)
    allowed = rng.random((size, size)) < 0.8
    allowed &= allowed.T
    groups = linkage(likeness, allowed, least)
    assert sorted(one for group in groups for one in group) == list(range(size))
    for group in groups:
        for first in group:
            assert all(allowed[first, other] for other in group if other != first)
        if len(group) == 2:
            assert likeness[group[0], group[1]] >= least
