"""What the simulated carrier holds: submitted parts, the texts phones would show, receipts due."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

UDHI = 0x40
UCS2 = 8
#: The simulator forgets older messages; it is a test phone, not an archive.
MAX_PARTS = 50_000


@dataclass(slots=True)
class SubmittedPart:
    """One submit_sm as the carrier took it."""

    message_id: str
    source: str
    destination: str
    octets: bytes
    text: str
    reference: int | None
    number: int
    total: int
    data_coding: int
    user_message_reference: int | None
    at: datetime
    receipt: str = ""


@dataclass(slots=True)
class Behaviour:
    """How the carrier misbehaves next; counts go down as they are used."""

    throttle_next: int = 0
    refuse_next: int = 0
    cut_before_answer: int = 0
    mute_next: int = 0
    receipt_state: str = "DELIVRD"
    receipt_delay_s: float = 0.5
    receipt_tlvs: bool = True


@dataclass(slots=True)
class CarrierStore:
    """Everything the simulator knows; lives as long as its process."""

    parts: deque[SubmittedPart] = field(default_factory=lambda: deque(maxlen=MAX_PARTS))
    behaviour: Behaviour = field(default_factory=Behaviour)
    counters: dict[str, int] = field(default_factory=dict)
    _ids: itertools.count[int] = field(
        default_factory=lambda: itertools.count(time.time_ns() // 1_000_000)
    )

    def count(self, name: str) -> None:
        """One more of `name`."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def take(self, pdu: Any) -> SubmittedPart:
        """Keep a parsed submit_sm and give it a message_id."""
        octets = bytes(pdu.short_message or pdu.message_payload or b"")
        reference, total, number, body = split(octets, pdu.esm_class)
        part = SubmittedPart(
            message_id=f"{next(self._ids):013d}",
            source=pdu.source_addr.decode("ascii"),
            destination=pdu.destination_addr.decode("ascii"),
            octets=octets,
            text=body.decode("utf-16-be" if pdu.data_coding == UCS2 else "latin-1", "replace"),
            reference=reference,
            number=number,
            total=total,
            data_coding=pdu.data_coding,
            user_message_reference=pdu.user_message_reference,
            at=datetime.now(UTC),
        )
        self.parts.append(part)
        return part

    def part(self, message_id: str) -> SubmittedPart | None:
        """The part with that id."""
        return next((one for one in self.parts if one.message_id == message_id), None)

    def messages(self, to: str = "") -> list[dict[str, Any]]:
        """What phones show, oldest first: parts put together as a phone does it."""
        shown: list[dict[str, Any]] = []
        open_ones: dict[tuple[str, int, int], dict[str, Any]] = {}
        for part in self.parts:
            if to and not part.destination.endswith(to):
                continue
            if part.reference is None:
                shown.append(_message(part))
                continue
            key = (part.destination, part.reference, part.total)
            message = open_ones.get(key)
            if message is None or part.number in message["_numbers"]:
                message = open_ones[key] = _message(part)
                shown.append(message)
            else:
                _join(message, part)
            if message["complete"]:
                del open_ones[key]
        return [{k: v for k, v in one.items() if k != "_numbers"} for one in shown]


def split(octets: bytes, esm_class: int) -> tuple[int | None, int, int, bytes]:
    """Reference, total, number and text octets; the simulator's own reading of the header."""
    if esm_class & UDHI and len(octets) > 1:
        head, body = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
        if head[:2] == b"\x00\x03":
            return head[2], head[3], head[4], body
        if head[:2] == b"\x08\x04":
            return head[2] << 8 | head[3], head[4], head[5], body
        return None, 1, 1, body
    return None, 1, 1, octets


def _message(part: SubmittedPart) -> dict[str, Any]:
    return {
        "id": part.message_id,
        "from": part.source,
        "to": part.destination,
        "text": part.text,
        "parts": [_part(part)],
        "complete": part.total == 1,
        "at": part.at.isoformat(),
        "_numbers": {part.number},
    }


def _join(message: dict[str, Any], part: SubmittedPart) -> None:
    message["parts"].append(_part(part))
    message["parts"].sort(key=lambda one: int(one["number"]))
    message["_numbers"].add(part.number)
    message["text"] = "".join(one["text"] for one in message["parts"])
    message["complete"] = len(message["_numbers"]) == part.total


def _part(part: SubmittedPart) -> dict[str, Any]:
    return {
        "message_id": part.message_id,
        "number": part.number,
        "total": part.total,
        "text": part.text,
        "octets": part.octets.hex(),
        "data_coding": part.data_coding,
        "receipt": part.receipt,
    }
