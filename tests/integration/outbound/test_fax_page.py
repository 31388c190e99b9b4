"""The page of a fax as the machine at the other end will print it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from outbound.fax_page import HEIGHT, MAX_PAGES, WIDTH, NoPage, Page, fax_tiff, pdf
from rexian.kernel.settings import ROOT

FONTS = ROOT / "var" / "fonts"
PAGE = Page(
    title="审批结果告知书",
    lines=("王示例：", "", "您申请的“食品经营许可”#let x = [*] $ 已有审批结果。"),
    sender="贵阳市 12345",
    date="2026 年 11 月 21 日",
    footer="由 12345 系统发出",
)


def black(image: Image.Image) -> int:
    return sum(image.convert("L").histogram()[:1])


def test_group_4_at_fine_resolution() -> None:
    octets, pages = fax_tiff(pdf(PAGE, FONTS))
    assert pages == 1
    with Image.open(io.BytesIO(octets)) as image:
        assert image.size == (WIDTH, HEIGHT)
        assert image.mode == "1"
        assert image.info["compression"] == "group4"
        assert image.info["dpi"] == (204, 196)
        assert 5_000 < black(image) < 300_000, "there is writing on it, and it is not a black page"
    assert len(octets) < 40_000


def test_words_are_data_not_markup() -> None:
    assert pdf(PAGE, FONTS).startswith(b"%PDF")


def test_long_texts_make_more_pages_but_not_without_end() -> None:
    long = Page("长文", tuple("请携带材料到窗口办理。" * 20 for _ in range(200)), "s", "d", "f")
    octets, pages = fax_tiff(pdf(long, FONTS))
    assert pages == MAX_PAGES
    with Image.open(io.BytesIO(octets)) as image:
        assert getattr(image, "n_frames", 1) == MAX_PAGES


def test_no_font_no_page(tmp_path: Path) -> None:
    with pytest.raises(NoPage):
        pdf(PAGE, tmp_path)
