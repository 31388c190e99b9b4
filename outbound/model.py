"""The words of notices: channels, states, and how a message stands when its parts stand so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """How a notice travels."""

    SMS = "sms"
    FAX = "fax"
    MAIL = "mail"
    LETTER = "letter"


CHANNEL_NAMES = {
    Channel.SMS: "短信",
    Channel.FAX: "传真",
    Channel.MAIL: "邮件",
    Channel.LETTER: "信函",
}


class State(StrEnum):
    """Where a message, or one part of it, stands.

    `sending` is written before the first octet leaves. What a dead process left in `sending`
    becomes `uncertain`: it may have gone out, so nobody sends it again but by a person's decision.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


STATE_NAMES = {
    State.WAITING: "待发送",
    State.SENDING: "发送中",
    State.SENT: "已发出",
    State.DELIVERED: "已送达",
    State.FAILED: "未送达",
    State.UNCERTAIN: "不确定",
}

#: States that end by themselves in nothing further: a late receipt may still correct them.
SETTLED = frozenset({State.DELIVERED, State.FAILED})


def whole(parts: Iterable[State]) -> State:
    """The state of a message whose parts stand in `parts` (at least one).

    One failed part spoils the message; an uncertain one makes it uncertain; it is delivered when
    every part is.
    """
    states = set(parts)
    for state in (
        State.FAILED,
        State.UNCERTAIN,
        State.SENDING,
        State.WAITING,
        State.SENT,
        State.DELIVERED,
    ):
        if state in states:
            return state
    raise ValueError("a message has at least one part")


class Decision(StrEnum):
    """What a person says of an uncertain or failed message."""

    TAKE_AS_SENT = "take_as_sent"
    LEAVE = "leave"
    SEND_AGAIN = "send_again"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be stored: who gets what, about what, because of which event.

    `recipient` is an E.164 number, a mail address or a postal address: personal data that stays
    in this room's table. `page` is the title of a fax or letter, `subject` of a mail.
    """

    event_id: int
    notice: str
    channel: Channel
    recipient: str
    recipient_masked: str
    subject_kind: str
    subject_id: str
    body: str
    title: str = ""
