"""Chinese is the source; English is a catalogue. The language is the request's.

`locales/en/LC_MESSAGES/rexian.po` is read at start (no compiled file to forget); a test holds that
every marked sentence of the web base and the desks has its English.
"""

from __future__ import annotations

import gettext as gnu
import io
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"zh": "中文", "en": "English"}
CATALOGUE = Path(__file__).parent / "locales" / "en" / "LC_MESSAGES" / "rexian.po"

_language: ContextVar[str] = ContextVar("language", default="zh")


def use_language(language: str) -> None:
    """Set the language for the rest of this request; an unknown one means Chinese."""
    _language.set(language if language in LANGUAGES else "zh")


def current_language() -> str:
    """`zh` or `en`."""
    return _language.get()


@cache
def _english() -> gnu.NullTranslations:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gnu.GNUTranslations(compiled)


def gettext(message: str) -> str:
    """`message` (Chinese) in the language of the request; itself when not translated."""
    return _english().gettext(message) if _language.get() == "en" else message
