"""The access table and the masks."""

from __future__ import annotations

import pytest

from rexian.kernel.access import Permission, mask_name, may, require, sees_identity
from rexian.kernel.actor import Actor, Role
from rexian.kernel.errors import Forbidden

AGENT = Actor("user", "u1", Role.AGENT, seat="1012")
OTHER_AGENT = Actor("user", "u2", Role.AGENT)
DEPARTMENT = Actor("user", "u3", Role.DEPARTMENT, department="D-WATER")
CENTRE = Actor("user", "u4", Role.CENTRE)


def test_a_confidential_citizen_is_seen_only_by_the_accepting_agent_and_the_centre():
    seen = {
        actor.id: sees_identity(actor, confidential=True, accepted_by="u1")
        for actor in (AGENT, OTHER_AGENT, DEPARTMENT, CENTRE)
    }
    assert seen == {"u1": True, "u2": False, "u3": False, "u4": True}
    assert mask_name("王示例", visible=False) == "（保密）"


def test_departments_do_not_take_calls_review_or_hear_recordings():
    for permission in (
        Permission.TAKE_CALLS,
        Permission.REVIEW_CASES,
        Permission.PLAY_RECORDINGS,
        Permission.SEE_CONFIDENTIAL,
    ):
        with pytest.raises(Forbidden):
            require(DEPARTMENT, permission)


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.CENTRE, Role.SYSTEM}])
def test_only_the_centre_sees_confidential_by_role(role):
    assert not may(Actor("user", "x", role), Permission.SEE_CONFIDENTIAL)
