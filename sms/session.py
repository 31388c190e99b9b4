"""One SMPP transceiver session: a Twisted protocol over one TCP connection (SMPP 3.4 §2, §7.2).

Bind, keep alive by enquire_link, keep at most `window` submits unanswered, answer what the
carrier sends, unbind. A session never reconnects; `sms.client.SmppClient` makes the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any, cast

import structlog
from twisted.internet.defer import Deferred, fail
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from sms.account import Account, Counters, NotSent, Refused, Throttled, Unanswered
from sms.codec.smpp import MAX_SEQUENCE, PDUS, Framer, decode, encode
from sms.codec.smpp_constants import RESPONSE_BIT, CommandStatus, status_name
from sms.codec.smpp_fields import MalformedPdu
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
from sms.reactor import Time, Timer, Wire

log = structlog.get_logger()

_SLOW_DOWN = frozenset({CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL})

#: Takes what the carrier delivers; its Deferred fires with the command_status to answer, and only
#: when the message is stored safely.
Receive = Callable[[DeliverSm], "Deferred[int]"]
#: Hears that the answer to a delivery was written to the connection it came by.
Answered = Callable[[DeliverSm, int], None]


def _nobody(_pdu: DeliverSm, _command_status: int) -> None:
    return


class State(StrEnum):
    """Session states, §2.2."""

    OPEN = "open"
    BOUND = "bound"
    UNBINDING = "unbinding"
    CLOSED = "closed"


class SmppSession(Protocol):
    """Speaks for one account on one connection; `bound` and `closed` fire once each."""

    def __init__(
        self,
        account: Account,
        receive: Receive,
        reactor: Time,
        counters: Counters,
        answered: Answered = _nobody,
    ) -> None:
        """Nothing is sent before the connection is made."""
        self.account = account
        self.state = State.OPEN
        self.bound: Deferred[None] = Deferred()
        self.closed: Deferred[None] = Deferred()
        self._receive = receive
        self._told = answered
        self._reactor = reactor
        self._counters = counters
        self._framer = Framer()
        self._sequence = 0
        self._waiting: dict[int, tuple[Pdu, Deferred[Pdu], Timer]] = {}
        self._heard = False
        self._alive: Timer | None = None
        self._wire: Wire | None = None

    # --- what the client calls ---------------------------------------------------------------

    @property
    def room(self) -> int:
        """How many more submits may go out now."""
        submits = sum(isinstance(pdu, SubmitSm) for pdu, _, _ in self._waiting.values())
        return self.account.window - submits if self.state is State.BOUND else 0

    def submit(self, pdu: SubmitSm) -> Deferred[str]:
        """Send one message; fires with the carrier's message_id.

        Fails with `NotSent` (not bound), `Throttled`, `Refused`, or `Unanswered` when the answer
        does not come or the connection breaks first.
        """
        if self.room <= 0:
            return fail(NotSent(state=self.state.value))
        self._counters.submitted += 1
        answer = self._request(pdu)
        return answer.addCallback(self._accepted)

    def unbind(self) -> Deferred[None]:
        """Say goodbye, wait for the answer or the time-out, close. Fires when closed."""
        if self.state is State.BOUND:
            self.state = State.UNBINDING
            self._request(Unbind()).addBoth(lambda _: self._close())
        else:
            self._close()
        return self.closed

    # --- Twisted calls these -----------------------------------------------------------------

    @override
    def connectionMade(self) -> None:
        """Bind at once (§4.1.5)."""
        self._wire = cast("Wire", self.transport)
        bind = BindTransceiver(
            system_id=self.account.system_id,
            password=self.account.password,
            system_type=self.account.system_type,
        )
        self._request(bind).addCallbacks(self._on_bound, self._on_not_bound)

    @override
    def dataReceived(self, data: bytes) -> None:
        """Cut the stream, read each PDU, answer what cannot be read."""
        self._heard = True
        try:
            for octets in self._framer.feed(data):
                self._take(octets)
            self._framer.feed(b"")
        except MalformedPdu as error:
            self._complain(error)
            self._close()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Everything unanswered becomes `Unanswered`; the session is over."""
        was, self.state = self.state, State.CLOSED
        if self._alive is not None and self._alive.active():
            self._alive.cancel()
        waiting, self._waiting = self._waiting, {}
        for _, answer, timer in waiting.values():
            if timer.active():
                timer.cancel()
            answer.errback(Unanswered(problem="connection lost"))
        log.info("smpp session ended", was=was.value, reason=_name(reason))
        self.closed.callback(None)

    # --- inside ------------------------------------------------------------------------------

    def _request(self, pdu: Pdu) -> Deferred[Pdu]:
        self._sequence = self._sequence % MAX_SEQUENCE + 1
        numbered = replace(pdu, sequence_number=self._sequence)
        octets = encode(numbered)
        answer: Deferred[Pdu] = Deferred()
        timer = self._reactor.callLater(
            self.account.response_timeout_s, self._timed_out, self._sequence
        )
        self._waiting[self._sequence] = (numbered, answer, timer)
        self._write(octets)
        return answer

    def _write(self, octets: bytes) -> None:
        if self._wire is not None and self.state is not State.CLOSED:
            self._wire.write(octets)

    def _close(self) -> None:
        if self._wire is not None:
            self._wire.loseConnection()

    def _timed_out(self, sequence: int) -> None:
        pdu, answer, _ = self._waiting.pop(sequence)
        answer.errback(Unanswered(problem="no answer in time"))
        if not isinstance(pdu, SubmitSm):
            log.warning("smpp peer is silent", command=pdu.command_id.name)
            if self._wire is not None:
                self._wire.abortConnection()

    def _on_bound(self, answer: Pdu) -> None:
        if answer.command_status or not isinstance(answer, BindTransceiverResp):
            refused = Refused(status_name(answer.command_status))
            self._close()
            self.bound.errback(refused)
            return
        self.state = State.BOUND
        self._counters.binds += 1
        self._alive = self._reactor.callLater(self.account.enquire_link_s, self._keep_alive)
        self.bound.callback(None)

    def _on_not_bound(self, failure: Failure) -> None:
        self._close()
        self.bound.errback(failure)

    def _keep_alive(self) -> None:
        self._alive = self._reactor.callLater(self.account.enquire_link_s, self._keep_alive)
        if not self._heard:
            # Silence closes the connection in _timed_out; the failure itself says no more.
            self._request(EnquireLink()).addErrback(lambda _: None)
        self._heard = False

    def _take(self, octets: bytes) -> None:
        try:
            pdu = decode(octets)
        except MalformedPdu as error:
            self._complain(error)
            return
        if pdu.is_response:
            self._answered(pdu)
        else:
            self._asked(pdu)

    def _answered(self, pdu: Pdu) -> None:
        waiting = self._waiting.pop(pdu.sequence_number, None)
        if waiting is None:
            log.warning("smpp answer to nothing", command=pdu.command_id.name)
            return
        asked, answer, timer = waiting
        timer.cancel()
        fits = pdu.command_id == asked.command_id | RESPONSE_BIT or isinstance(pdu, GenericNack)
        if fits:
            answer.callback(pdu)
        else:
            answer.errback(Unanswered(problem="answer of another kind"))

    def _accepted(self, answer: Pdu) -> str:
        if answer.command_status in _SLOW_DOWN:
            self._counters.throttled += 1
            raise Throttled(0, status_name(answer.command_status))
        if answer.command_status or not isinstance(answer, SubmitSmResp):
            self._counters.refused += 1
            raise Refused(status_name(answer.command_status))
        self._counters.accepted += 1
        return answer.message_id

    def _asked(self, pdu: Pdu) -> None:
        match pdu:
            case EnquireLink():
                self._reply(EnquireLinkResp(sequence_number=pdu.sequence_number))
            case Unbind():
                self._reply(UnbindResp(sequence_number=pdu.sequence_number))
                self.state = State.UNBINDING
                self._close()
            case DeliverSm():
                self._counters.delivered += 1
                self._receive(pdu).addCallbacks(
                    self._stored,
                    self._not_stored,
                    callbackArgs=(pdu,),
                    errbackArgs=(pdu,),
                )
            case _:
                status = CommandStatus.ESME_RINVBNDSTS
                self._reply(GenericNack(command_status=status, sequence_number=pdu.sequence_number))

    def _stored(self, command_status: int, pdu: DeliverSm) -> None:
        self._reply(
            DeliverSmResp(command_status=command_status, sequence_number=pdu.sequence_number)
        )
        if self.state is not State.CLOSED:
            self._told(pdu, command_status)

    def _not_stored(self, failure: Failure, pdu: DeliverSm) -> None:
        log.error("delivered message not stored", error=_name(failure))
        self._stored(CommandStatus.ESME_RX_T_APPN, pdu)

    def _reply(self, pdu: Pdu) -> None:
        self._write(encode(pdu))

    def _complain(self, error: MalformedPdu) -> None:
        """Answer octets that cannot be read: the command's own response, or generic_nack."""
        self._counters.malformed += 1
        log.warning("malformed pdu", problem=error.problem, command_id=error.command_id)
        if error.command_id & RESPONSE_BIT:
            waiting = self._waiting.pop(error.sequence_number, None)
            if waiting is not None:
                waiting[2].cancel()
                waiting[1].errback(Unanswered(problem="answer cannot be read"))
            return
        kind: type[Pdu] = PDUS.get(error.command_id | RESPONSE_BIT, GenericNack)
        number: dict[str, Any] = {"sequence_number": min(error.sequence_number, MAX_SEQUENCE)}
        self._reply(kind(command_status=error.command_status, **number))


def _name(failure: Failure) -> str:
    return failure.type.__name__ if failure.type else "unknown"
