"""Pages on paper: a notice as PDF (letter) and as a Group 4 TIFF that a fax machine takes.

typst sets the page, pypdfium2 draws it, Pillow makes 1 bit of it: 1728 × 2292 pixels at
204 × 196 dpi, fine resolution of ITU-T T.30 / T.4, compressed by T.6 (MMR).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rexian.kernel.errors import Unavailable

if TYPE_CHECKING:
    import pypdfium2
    from PIL import Image

PAGE = Path(__file__).parent / "templates" / "notice_page.typ"
WIDTH, HEIGHT = 1728, 2292
DPI = (204, 196)
#: Brighter than this is paper: thin strokes of Chinese characters stay black.
THRESHOLD = 170
MAX_PAGES = 5


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on a notice's page; `lines` are paragraphs, an empty one is a gap."""

    title: str
    lines: tuple[str, ...]
    sender: str
    date: str
    footer: str


class NoPage(Unavailable):
    """The page cannot be set: the Chinese font or the image library is missing."""

    code = "no_page"
    default_sentence = "无法生成传真或信函页面：缺少中文字体（var/fonts）。"


def pdf(page: Page, fonts: Path) -> bytes:
    """The page as PDF, set with the fonts in `fonts`. Raises `NoPage`."""
    import typst  # here and below: most processes that know of pages never make one

    if not any(fonts.glob("**/*.tt?")):
        raise NoPage(fonts=str(fonts))
    facts: Mapping[str, object] = {**asdict(page), "lines": list(page.lines)}
    made = typst.compile(
        PAGE,
        font_paths=[fonts],
        ignore_system_fonts=True,
        sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
        format="pdf",
    )
    assert isinstance(made, bytes)
    return made


def fax_tiff(document: bytes) -> tuple[bytes, int]:
    """The PDF as a multi-page Group 4 TIFF, and how many pages it has.

    Pages beyond `MAX_PAGES` are left out: a fax machine at the other end has little paper.
    """
    import pypdfium2
    from PIL import features

    if not features.check("libtiff"):
        raise NoPage(problem="Pillow without libtiff")
    pdf_file = pypdfium2.PdfDocument(document)
    try:
        images = [_bitmap(pdf_file[n]) for n in range(min(len(pdf_file), MAX_PAGES))]
    finally:
        pdf_file.close()
    out = io.BytesIO()
    images[0].save(
        out,
        format="TIFF",
        compression="group4",
        dpi=DPI,
        save_all=True,
        append_images=images[1:],
    )
    return out.getvalue(), len(images)


def _bitmap(page: pypdfium2.PdfPage) -> Image.Image:
    """One page, scaled to a fax line's pixels in each direction, black on white."""
    from PIL import Image

    scale = WIDTH / page.get_width()
    grey: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    fitted = grey.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    return fitted.point(lambda value: 255 if value > THRESHOLD else 0).convert("1")
