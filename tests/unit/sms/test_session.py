"""The session on Twisted's own test transport and clock: no socket, no waiting."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from sms.account import Account, Counters, NotSent, Refused, Throttled, Unanswered
from sms.codec.smpp import Framer, decode, encode
from sms.codec.smpp_constants import CommandStatus
from sms.codec.smpp_message import DeliverSm, DeliverSmResp, SubmitSm, SubmitSmResp
from sms.codec.smpp_pdu import (
    BindTransceiver,
    BindTransceiverResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    Unbind,
    UnbindResp,
)
from sms.session import SmppSession, State

ACCOUNT = Account(
    host="127.0.0.1", port=2785, system_id="rexian", password="pw", window=2, response_timeout_s=10
)


class Carrier:
    """The other end, played by the test."""

    def __init__(self, *, bind: bool = True) -> None:
        self.clock = Clock()
        self.delivered: list[DeliverSm] = []
        self.store: Deferred[int] | None = None
        self.counters = Counters()
        self.session = SmppSession(ACCOUNT, self._receive, self.clock, self.counters)
        self.bound = Outcome(self.session.bound)
        self.closed = Outcome(self.session.closed)
        self.wire = StringTransport()
        self.session.makeConnection(self.wire)
        if bind:
            (request,) = self.sent()
            assert isinstance(request, BindTransceiver)
            self.say(BindTransceiverResp(sequence_number=request.sequence_number))

    def _receive(self, pdu: DeliverSm) -> Deferred[int]:
        self.delivered.append(pdu)
        return self.store if self.store is not None else succeed(0)

    def sent(self) -> list[Pdu]:
        octets = self.wire.value()
        self.wire.clear()
        return [decode(one) for one in Framer().feed(octets)]

    def say(self, *pdus: Pdu) -> None:
        self.session.dataReceived(b"".join(encode(pdu) for pdu in pdus))

    def hang_up(self) -> None:
        from twisted.internet.error import ConnectionLost
        from twisted.python.failure import Failure

        self.session.connectionLost(Failure(ConnectionLost()))


class Outcome:
    """What a Deferred came to."""

    def __init__(self, deferred: Deferred[Any]) -> None:
        self.value: Any = None
        self.error: Exception | None = None
        deferred.addCallbacks(self._ok, self._failed)

    def _ok(self, value: Any) -> None:
        self.value = value if value is not None else True

    def _failed(self, failure: Any) -> None:
        self.error = failure.value


def test_binds_with_the_account() -> None:
    carrier = Carrier(bind=False)
    (request,) = carrier.sent()
    assert isinstance(request, BindTransceiver)
    assert (request.system_id, request.password) == ("rexian", "pw")
    assert request.interface_version == 0x34
    carrier.say(BindTransceiverResp(sequence_number=request.sequence_number))
    assert carrier.bound.value
    assert carrier.session.state is State.BOUND


def test_a_refused_bind_closes() -> None:
    carrier = Carrier(bind=False)
    (request,) = carrier.sent()
    carrier.say(
        BindTransceiverResp(
            sequence_number=request.sequence_number, command_status=CommandStatus.ESME_RINVPASWD
        )
    )
    assert isinstance(carrier.bound.error, Refused)
    assert carrier.wire.disconnecting


def test_a_silent_bind_times_out() -> None:
    carrier = Carrier(bind=False)
    carrier.clock.advance(11)
    assert isinstance(carrier.bound.error, Unanswered)
    assert carrier.wire.disconnected or carrier.wire.disconnecting


def test_submit_gives_the_carriers_id() -> None:
    carrier = Carrier()
    answer = Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
    (submit,) = carrier.sent()
    carrier.say(SubmitSmResp(sequence_number=submit.sequence_number, message_id="77"))
    assert answer.value == "77"


def test_answers_may_come_in_any_order() -> None:
    carrier = Carrier()
    first = Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
    second = Outcome(carrier.session.submit(SubmitSm(destination_addr="2")))
    one, two = carrier.sent()
    carrier.say(
        SubmitSmResp(sequence_number=two.sequence_number, message_id="b"),
        SubmitSmResp(sequence_number=one.sequence_number, message_id="a"),
    )
    assert (first.value, second.value) == ("a", "b")


def test_the_window_holds() -> None:
    carrier = Carrier()
    for _ in range(2):
        Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
    third = Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
    assert isinstance(third.error, NotSent)
    assert len(carrier.sent()) == 2
    assert carrier.session.room == 0


def test_throttled_and_refused() -> None:
    carrier = Carrier()
    for status, kind in (
        (CommandStatus.ESME_RTHROTTLED, Throttled),
        (CommandStatus.ESME_RMSGQFUL, Throttled),
        (CommandStatus.ESME_RINVDSTADR, Refused),
    ):
        answer = Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
        (submit,) = carrier.sent()
        carrier.say(SubmitSmResp(sequence_number=submit.sequence_number, command_status=status))
        assert type(answer.error) is kind


def test_no_answer_in_time_is_uncertain_and_a_late_one_harmless() -> None:
    carrier = Carrier()
    answer = Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
    (submit,) = carrier.sent()
    carrier.clock.advance(11)
    assert isinstance(answer.error, Unanswered)
    carrier.say(SubmitSmResp(sequence_number=submit.sequence_number, message_id="late"))
    assert carrier.session.room == 2


def test_a_cut_makes_everything_under_way_uncertain() -> None:
    carrier = Carrier()
    answer = Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
    carrier.hang_up()
    assert isinstance(answer.error, Unanswered)
    assert carrier.closed.value
    assert isinstance(Outcome(carrier.session.submit(SubmitSm())).error, NotSent)
    assert not carrier.clock.getDelayedCalls()


def test_delivered_is_answered_only_when_stored() -> None:
    carrier = Carrier()
    carrier.store = Deferred()
    carrier.say(DeliverSm(sequence_number=5, source_addr="1", short_message=b"hi"))
    assert carrier.sent() == []
    carrier.store.callback(0)
    assert carrier.sent() == [DeliverSmResp(sequence_number=5)]


def test_not_stored_asks_the_carrier_to_come_again() -> None:
    carrier = Carrier()
    carrier.store = Deferred()
    carrier.say(DeliverSm(sequence_number=5))
    carrier.store.errback(OSError("no database"))
    (answer,) = carrier.sent()
    assert answer.command_status == CommandStatus.ESME_RX_T_APPN


def test_enquire_link_both_ways() -> None:
    carrier = Carrier()
    carrier.say(EnquireLink(sequence_number=8))
    assert carrier.sent() == [EnquireLinkResp(sequence_number=8)]
    carrier.clock.advance(30)
    carrier.clock.advance(30)
    (asked,) = carrier.sent()
    assert isinstance(asked, EnquireLink)
    carrier.clock.advance(11)
    assert carrier.wire.disconnected or carrier.wire.disconnecting


def test_unbind_waits_for_the_answer() -> None:
    carrier = Carrier()
    done = Outcome(carrier.session.unbind())
    (asked,) = carrier.sent()
    assert isinstance(asked, Unbind)
    assert not carrier.wire.disconnecting
    carrier.say(UnbindResp(sequence_number=asked.sequence_number))
    assert carrier.wire.disconnecting
    carrier.hang_up()
    assert done.value


def test_the_carrier_may_unbind() -> None:
    carrier = Carrier()
    carrier.say(Unbind(sequence_number=4))
    assert carrier.sent() == [UnbindResp(sequence_number=4)]
    assert carrier.wire.disconnecting


def test_malformed_requests_are_answered_with_their_status() -> None:
    carrier = Carrier()
    broken = bytearray(encode(DeliverSm(sequence_number=6, short_message=b"abc")))
    broken[-4] = 250
    carrier.session.dataReceived(bytes(broken))
    (answer,) = carrier.sent()
    assert isinstance(answer, DeliverSmResp)
    assert (answer.command_status, answer.sequence_number) == (CommandStatus.ESME_RINVMSGLEN, 6)
    unknown = bytes.fromhex("00000010000007770000000000000009")
    carrier.session.dataReceived(unknown)
    (nack,) = carrier.sent()
    assert isinstance(nack, GenericNack)
    assert (nack.command_status, nack.sequence_number) == (CommandStatus.ESME_RINVCMDID, 9)


def test_lost_framing_closes() -> None:
    carrier = Carrier()
    carrier.session.dataReceived(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    (nack,) = carrier.sent()
    assert nack.command_status == CommandStatus.ESME_RINVCMDLEN
    assert carrier.wire.disconnecting


def test_an_answer_of_another_kind_is_uncertain() -> None:
    carrier = Carrier()
    answer = Outcome(carrier.session.submit(SubmitSm(destination_addr="1")))
    (submit,) = carrier.sent()
    carrier.say(EnquireLinkResp(sequence_number=submit.sequence_number))
    assert isinstance(answer.error, Unanswered)
