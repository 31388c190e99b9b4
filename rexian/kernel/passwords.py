"""Passwords are kept as argon2id hashes (RFC 9106, second recommended option)."""

from __future__ import annotations

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 256
"""Characters; a longer password is refused before any work is spent on it."""

_TIME, _MEMORY_KIB, _LANES = 3, 65_536, 2
_hasher = PasswordHasher(time_cost=_TIME, memory_cost=_MEMORY_KIB, parallelism=_LANES, type=Type.ID)
_NOBODY = (
    f"$argon2id$v=19$m={_MEMORY_KIB},t={_TIME},p={_LANES}$"
    "bm8gdXNlciBvZiBvdXJz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""A hash of no password: checking against it takes the work of any other and always fails."""


def hash_password(password: str) -> str:
    """Return the argon2id hash to store. Raises ValueError when empty or over `LONGEST`."""
    if not 0 < len(password) <= LONGEST:
        raise ValueError(f"a password has 1 to {LONGEST} characters")
    return _hasher.hash(password)


def verify_password(password: str, hashed: str | None) -> bool:
    """Whether `password` belongs to `hashed`.

    Pass None when there is no such user: the same work is done, so the time taken does not
    tell whether a login exists. A damaged hash verifies nothing.
    """
    if len(password) > LONGEST:
        return False
    try:
        _hasher.verify(hashed or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def needs_rehash(hashed: str) -> bool:
    """Whether `hashed` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(hashed)
