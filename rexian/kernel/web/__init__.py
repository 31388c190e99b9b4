"""The web base every room builds its pages on.

A room writes `<room>/pages.py` (HTML) and `<room>/api.py` (JSON) as Litestar handlers and its
templates in `<room>/templates/<room>/`. See docs/reference/desks.md for a complete example.
"""

from __future__ import annotations

from rexian.kernel.web.answers import done, page, partial, wants_json
from rexian.kernel.web.forms import FormValues, form_values
from rexian.kernel.web.guards import actor_of, requires, signed_in
from rexian.kernel.web.i18n import gettext
from rexian.kernel.web.live import Hub
from rexian.kernel.web.nav import NavItem
from rexian.kernel.web.ports import Accounts, WebServices

__all__ = [
    "Accounts",
    "FormValues",
    "Hub",
    "NavItem",
    "WebServices",
    "actor_of",
    "done",
    "form_values",
    "gettext",
    "page",
    "partial",
    "requires",
    "signed_in",
    "wants_json",
]
