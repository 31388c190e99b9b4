"""What a session needs to know of its carrier, and what a submit can come to."""

from __future__ import annotations

from dataclasses import dataclass, field

from rexian.kernel.errors import RexianError, Unavailable


@dataclass(frozen=True, slots=True)
class Account:
    """One SMPP account. Durations in seconds; `window` submits may wait for an answer at once."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source_addr: str = ""
    system_type: str = ""
    window: int = 10
    connect_timeout_s: float = 5.0
    response_timeout_s: float = 10.0
    enquire_link_s: float = 30.0
    reconnect_first_s: float = 0.2
    reconnect_longest_s: float = 5.0
    throttle_first_s: float = 0.5
    throttle_longest_s: float = 30.0


class NotSent(Unavailable):
    """No octet of the message left: it may be tried again without fear."""

    code = "sms_not_sent"
    default_sentence = "短信网关暂时不通，恢复后会自动发送。"


class Throttled(NotSent):
    """The carrier refused for now (ESME_RTHROTTLED, ESME_RMSGQFUL); `retry_after_s` in details."""

    code = "sms_throttled"
    default_sentence = "短信网关要求放慢速度，稍后会自动发送。"

    def __init__(self, retry_after_s: float, command_status: str) -> None:
        """Keep how long to wait."""
        super().__init__(retry_after_s=retry_after_s, command_status=command_status)
        self.retry_after_s = retry_after_s


class Refused(RexianError):
    """The carrier refused the message for good; `command_status` in details."""

    code = "sms_refused"
    status = 502
    default_sentence = "运营商拒收这条短信。"

    def __init__(self, command_status: str) -> None:
        """Keep the status' name."""
        super().__init__(command_status=command_status)
        self.command_status = command_status


class Unanswered(RexianError):
    """The octets went out and no answer came: the message may or may not have been sent."""

    code = "sms_unanswered"
    status = 504
    default_sentence = "短信已发往运营商但没有得到回应，是否送出尚不确定。"


@dataclass(slots=True)
class Counters:
    """What one account has seen since the process started."""

    binds: int = 0
    disconnects: int = 0
    submitted: int = 0
    accepted: int = 0
    throttled: int = 0
    refused: int = 0
    unanswered: int = 0
    delivered: int = 0
    malformed: int = 0
