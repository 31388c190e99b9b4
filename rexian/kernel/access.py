"""Which role may do what, and how personal data is masked for the rest.

One table; rooms guard every read and write with `require` and mask with the functions below.
Departments are held a second time by row security in the database.
"""

from __future__ import annotations

from enum import StrEnum

from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden


class Permission(StrEnum):
    """What can be granted; one name for one act, as the desks show them."""

    TAKE_CALLS = "take_calls"
    ACCEPT_CASES = "accept_cases"
    READ_CASES = "read_cases"
    HANDLE_CASES = "handle_cases"
    REVIEW_CASES = "review_cases"
    SEE_CONFIDENTIAL = "see_confidential"
    READ_CITIZENS = "read_citizens"
    PLAY_RECORDINGS = "play_recordings"
    READ_KNOWLEDGE = "read_knowledge"
    READ_APPROVALS = "read_approvals"
    READ_HOTSPOTS = "read_hotspots"
    READ_EXCHANGE_FILES = "read_exchange_files"
    MONITOR_QUEUES = "monitor_queues"
    MANAGE_USERS = "manage_users"
    RESOLVE_NOTICES = "resolve_notices"


_P = Permission
_DESK = {_P.READ_CASES, _P.READ_CITIZENS, _P.READ_KNOWLEDGE, _P.READ_HOTSPOTS, _P.READ_APPROVALS}

#: The access table. A city may narrow it; widening SEE_CONFIDENTIAL needs the centre's decision.
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(_DESK | {_P.TAKE_CALLS, _P.ACCEPT_CASES}),
    Role.TEAM_LEADER: frozenset(
        _DESK | {_P.TAKE_CALLS, _P.ACCEPT_CASES, _P.MONITOR_QUEUES, _P.PLAY_RECORDINGS}
    ),
    Role.DEPARTMENT: frozenset({_P.READ_CASES, _P.HANDLE_CASES, _P.READ_KNOWLEDGE}),
    Role.CENTRE: frozenset(
        _DESK
        | {
            _P.REVIEW_CASES,
            _P.SEE_CONFIDENTIAL,
            _P.PLAY_RECORDINGS,
            _P.READ_EXCHANGE_FILES,
            _P.RESOLVE_NOTICES,
            _P.MONITOR_QUEUES,
            _P.ACCEPT_CASES,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {_P.READ_CASES, _P.READ_HOTSPOTS, _P.READ_KNOWLEDGE, _P.MONITOR_QUEUES, _P.READ_APPROVALS}
    ),
    Role.ADMIN: frozenset({_P.MANAGE_USERS, _P.READ_EXCHANGE_FILES, _P.MONITOR_QUEUES}),
    Role.SYSTEM: frozenset(Permission),
    Role.CITIZEN: frozenset(),
}


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor's role is granted `permission`."""
    return permission in GRANTS[actor.role]


def require(actor: Actor, permission: Permission) -> None:
    """Raise `Forbidden` unless the actor's role is granted `permission`."""
    if not may(actor, permission):
        raise Forbidden(permission=permission.value, role=actor.role.value)


def sees_identity(actor: Actor, *, confidential: bool, accepted_by: str | None) -> bool:
    """Whether the actor may see who a citizen is (domain.md, Recording and confidentiality).

    A department never sees a confidential caller's identity; of the others only the accepting
    agent (`accepted_by`, a user id) and roles granted SEE_CONFIDENTIAL do.
    """
    if not confidential:
        return may(actor, Permission.READ_CITIZENS) or actor.role is Role.DEPARTMENT
    if actor.role is Role.DEPARTMENT:
        return False
    return may(actor, Permission.SEE_CONFIDENTIAL) or (
        accepted_by is not None and actor.kind == "user" and actor.id == accepted_by
    )


MASKED_NAME = "（保密）"


def mask_name(name: str, *, visible: bool) -> str:
    """The name, or 保密 when the asker may not see it."""
    return name if visible else MASKED_NAME
