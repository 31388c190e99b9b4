"""Jinja: one environment over the templates of all rooms, with the filters of the desks."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from rexian.kernel.access import Permission, may
from rexian.kernel.web import formats
from rexian.kernel.web.i18n import LANGUAGES, current_language, gettext

_PLACE = re.compile(r"%%|%\((\w+)\)s")
STATIC = Path(__file__).parent / "static"


@cache
def static_url(name: str) -> str:
    """Address of a built file, with its hash so that browsers keep it as long as it is true."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def _translated(message: str, **values: Any) -> str:
    """`_("共 %(n)s 条", n=3)`; `%%` or any other percent sign is one."""
    return _PLACE.sub(lambda found: str(values[found[1]]) if found[1] else "%", gettext(message))


@pass_context
def _may(context: Context, permission: str) -> bool:
    actor = context.get("actor")
    return actor is not None and may(actor, Permission(permission))


class Renderer:
    """Renders templates named `<room>/<name>.html`."""

    def __init__(self, root: Path) -> None:
        """Find the rooms' template folders under `root` (the source tree)."""
        folders = [Path(__file__).parent / "templates", *sorted(root.glob("*/templates"))]
        self.environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(
            _=_translated,
            static=static_url,
            may=_may,
            language=current_language,
            languages=LANGUAGES,
            form_token=lambda: secrets.token_urlsafe(24),
        )
        self.environment.filters.update(formats.FILTERS)

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        """The template's text."""
        return self.environment.get_template(template).render(**context)
