"""What the log says about users: never a login that was typed, never a password."""

from __future__ import annotations

from rexian.kernel.event_types import EventType, declare

TYPES = (
    EventType("user.signed_in", "user", "signed in at a desk", {}),
    EventType("user.sign_in_failed", "user", "a wrong password was given for this user", {}),
    EventType("user.password_set", "user", "got a new password; all sessions ended", {}),
    EventType("user.locked", "user", "too many wrong passwords: locked for a while", {}),
)
declare(*TYPES)
