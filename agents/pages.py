"""All handlers of the desks, for the wiring to mount, and their place in the navigation."""

from __future__ import annotations

from agents import casework, intake, library, lists, seat, suggestions
from rexian.kernel.access import Permission
from rexian.kernel.web import NavItem

HANDLERS = (
    *seat.HANDLERS,
    intake.take,
    suggestions.suggestions,
    *casework.HANDLERS,
    *lists.HANDLERS,
    *library.HANDLERS,
)

NAV = (
    NavItem("/desk", "通话", Permission.TAKE_CALLS),
    NavItem("/inbox", "待办", Permission.HANDLE_CASES),
    NavItem("/review", "审核", Permission.REVIEW_CASES),
    NavItem("/cases", "工单", Permission.READ_CASES),
    NavItem("/knowledge", "知识", Permission.READ_KNOWLEDGE),
)
