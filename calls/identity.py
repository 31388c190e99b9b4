"""Names that the telephone side and the rest of the house share."""

from __future__ import annotations

import uuid

from rexian.kernel.settings import Telephony

#: Asterisk's `systemname`; its `uniqueid`s begin with it, so two nodes never share one.
SYSTEM_NAME: str = Telephony.model_fields["system_name"].default
SEATS: tuple[str, ...] = tuple(str(number) for number in range(1001, 1013))
DUTY = "duty"
QUEUES: tuple[str, ...] = ("12345", "96796")
EMERGENCY: tuple[str, ...] = ("110", "119", "120", "122")
"""Public security, fire, ambulance, traffic accidents: a fixed list, never taken from input."""


def call_id(uniqueid: str, system_name: str = SYSTEM_NAME) -> str:
    """Return the id of the call whose first channel (the caller's) has this `uniqueid`.

    The contact of the call has the same id (UUID version 5, RFC 9562 §5.5).
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"asterisk:{system_name}:{uniqueid}"))


def interface_of(seat: str) -> str:
    """Return the queue interface of a seat: `PJSIP/seat-1012`; the duty phone is `PJSIP/duty`."""
    return f"PJSIP/{DUTY}" if seat == DUTY else f"PJSIP/seat-{seat}"


def seat_of(interface_or_channel: str) -> str | None:
    """Return the seat of `PJSIP/seat-1012` or of its channel `PJSIP/seat-1012-0000002a`."""
    technology, _, rest = interface_or_channel.partition("/")
    if technology != "PJSIP":
        return None
    if rest == DUTY or rest.startswith(f"{DUTY}-"):
        return DUTY
    name, _, number = rest.partition("-")
    seat = number.partition("-")[0]
    return seat if name == "seat" and seat in SEATS else None
