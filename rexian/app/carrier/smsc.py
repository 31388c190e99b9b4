"""The simulated SMSC: SMPP 3.4 over TCP, on the independent codec `smpplib`."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from smpplib import consts, exceptions
from smpplib import smpp as wire

from rexian.app.carrier.store import CarrierStore, SubmittedPart

log = structlog.get_logger()

HEADER = 16
LONGEST = 70_000
MESSAGE_STATES = {"ENROUTE": 1, "DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5}
MESSAGE_STATES |= {"ACCEPTD": 6, "UNKNOWN": 7, "REJECTD": 8}
ESM_RECEIPT = 4
UCS2 = 8
MO_PART_CHARS = 67
ONE_SMS_CHARS = 70
AGAIN_S = 1.0


class Sequence:
    """What smpplib asks of a client object: sequence numbers."""

    def __init__(self) -> None:
        self.sequence = 0

    def next_sequence(self) -> int:
        """The next number."""
        self.sequence += 1
        return self.sequence


class Smsc:
    """Listens, takes submits, answers, sends receipts and messages from phones."""

    def __init__(self, store: CarrierStore, *, password: str | None = None) -> None:
        """`password` None takes anybody's."""
        self.store = store
        self.password = password
        self.links: list[Link] = []
        self._server: asyncio.Server | None = None
        self._waiting: list[dict[str, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int, host: str = "127.0.0.1") -> int:
        """Listen; returns the port, which is chosen when 0 is asked for."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        for link in tuple(self.links):
            link.writer.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, reader, writer)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await link.run()
        if link in self.links:
            self.links.remove(link)
        for _, fields in link.answers.values():
            self.send(fields)
        writer.close()

    def bound(self, link: Link) -> None:
        """A link can now take deliveries: what waited goes out."""
        self.links.append(link)
        waiting, self._waiting = self._waiting, []
        for fields in waiting:
            link.deliver(fields)

    def later(self, part: SubmittedPart) -> None:
        """Send the receipt of `part` after the delay in force."""
        task = asyncio.create_task(self._receipt(part))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receipt(self, part: SubmittedPart) -> None:
        behaviour = self.store.behaviour
        await asyncio.sleep(behaviour.receipt_delay_s)
        self.receipt(part, behaviour.receipt_state)

    def receipt(self, part: SubmittedPart, state: str) -> None:
        """Say what became of `part`; waits for a bound link when there is none."""
        part.receipt = state
        done = "001" if state == "DELIVRD" else "000"
        stamp = f"{datetime.now(UTC):%y%m%d%H%M}"
        text = (
            f"id:{part.message_id} sub:001 dlvrd:{done} submit date:{part.at:%y%m%d%H%M} "
            f"done date:{stamp} stat:{state} err:000 text:"
        )
        fields: dict[str, Any] = {
            "source_addr": part.destination,
            "destination_addr": part.source,
            "esm_class": ESM_RECEIPT,
            "short_message": text.encode("ascii"),
        }
        if self.store.behaviour.receipt_tlvs:
            fields["receipted_message_id"] = part.message_id
            fields["message_state"] = MESSAGE_STATES.get(state, 7)
            if part.user_message_reference is not None:
                fields["user_message_reference"] = part.user_message_reference
        self.send(fields)

    def again(self, fields: dict[str, Any]) -> None:
        """Offer once more, a little later, what the other side could not store."""
        asyncio.get_running_loop().call_later(AGAIN_S, self.send, fields)

    def send(self, fields: dict[str, Any]) -> asyncio.Future[int]:
        """deliver_sm to the first bound link; the Future holds the answer's status."""
        if self.links:
            return self.links[0].deliver(fields)
        self._waiting.append(fields)
        return asyncio.get_running_loop().create_future()

    def from_phone(self, source: str, destination: str, text: str) -> list[asyncio.Future[int]]:
        """A person's SMS in UCS-2, in parts when long, as a phone sends it."""
        pieces = [text]
        if len(text) > ONE_SMS_CHARS:
            pieces = [text[i : i + MO_PART_CHARS] for i in range(0, len(text), MO_PART_CHARS)]
        many = len(pieces) > 1
        self.store.count("mo")
        reference = self.store.counters["mo"] % 256
        answers = []
        for number, piece in enumerate(pieces, start=1):
            head = bytes([5, 0, 3, reference, len(pieces), number]) if many else b""
            answers.append(
                self.send(
                    {
                        "source_addr": source,
                        "destination_addr": destination,
                        "esm_class": 0x40 if many else 0,
                        "data_coding": UCS2,
                        "short_message": head + piece.encode("utf-16-be"),
                    }
                )
            )
        return answers


class Link:
    """One TCP connection of an ESME."""

    def __init__(
        self, smsc: Smsc, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.smsc = smsc
        self.reader = reader
        self.writer = writer
        self.numbers = Sequence()
        self.answers: dict[int, tuple[asyncio.Future[int], dict[str, Any]]] = {}
        self.is_bound = False

    async def run(self) -> None:
        """Read PDUs until the connection ends."""
        while True:
            head = await self.reader.readexactly(HEADER)
            length, command_id, status, sequence = struct.unpack(">LLLL", head)
            if not HEADER <= length <= LONGEST:
                self._answer("generic_nack", sequence, consts.SMPP_ESME_RINVCMDLEN)
                return
            body = await self.reader.readexactly(length - HEADER)
            try:
                pdu = wire.parse_pdu(
                    head + body, client=self.numbers, allow_unknown_opt_params=True
                )
            except (exceptions.UnknownCommandError, struct.error):
                self._answer("generic_nack", sequence, consts.SMPP_ESME_RINVCMDID)
                continue
            if command_id & 0x8000_0000:
                self._answered(sequence, status)
            elif not self._take(pdu):
                return
            await self.writer.drain()

    def deliver(self, fields: dict[str, Any]) -> asyncio.Future[int]:
        """Send deliver_sm; the Future holds the command_status of the answer."""
        pdu = wire.make_pdu(
            "deliver_sm",
            client=self.numbers,
            source_addr_ton=consts.SMPP_TON_INTL,
            source_addr_npi=consts.SMPP_NPI_ISDN,
            dest_addr_ton=consts.SMPP_TON_UNK,
            dest_addr_npi=consts.SMPP_NPI_ISDN,
            **fields,
        )
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.answers[pdu.sequence] = (answer, fields)
        self.smsc.store.count("delivered")
        self.writer.write(pdu.generate())
        return answer

    def _answered(self, sequence: int, status: int) -> None:
        answer, fields = self.answers.pop(sequence, (None, {}))
        if answer is not None and not answer.done():
            answer.set_result(status)
        if status == consts.SMPP_ESME_RX_T_APPN and fields.get("esm_class") == ESM_RECEIPT:
            self.smsc.again(fields)

    def _take(self, pdu: Any) -> bool:
        """Act on one request; False ends the connection."""
        if pdu.command in {"bind_transceiver", "bind_transmitter", "bind_receiver"}:
            return self._bind(pdu)
        if pdu.command == "enquire_link":
            self._answer("enquire_link_resp", pdu.sequence)
        elif pdu.command == "unbind":
            self._answer("unbind_resp", pdu.sequence)
            return False
        elif not self.is_bound:
            self._answer(f"{pdu.command}_resp", pdu.sequence, consts.SMPP_ESME_RINVBNDSTS)
        elif pdu.command == "submit_sm":
            return self._submit(pdu)
        else:
            self._answer("generic_nack", pdu.sequence, consts.SMPP_ESME_RINVCMDID)
        return True

    def _bind(self, pdu: Any) -> bool:
        wanted = self.smsc.password
        if wanted is not None and pdu.password.decode("latin-1") != wanted:
            self._answer(f"{pdu.command}_resp", pdu.sequence, consts.SMPP_ESME_RINVPASWD)
            return False
        self.is_bound = True
        self._answer(f"{pdu.command}_resp", pdu.sequence, system_id="CARRIER-SIM")
        self.smsc.store.count("binds")
        if pdu.command != "bind_transmitter":
            self.smsc.bound(self)
        return True

    def _submit(self, pdu: Any) -> bool:
        store = self.smsc.store
        behaviour = store.behaviour
        if behaviour.throttle_next > 0:
            behaviour.throttle_next -= 1
            store.count("throttled")
            self._answer("submit_sm_resp", pdu.sequence, consts.SMPP_ESME_RTHROTTLED)
            return True
        if behaviour.refuse_next > 0:
            behaviour.refuse_next -= 1
            self._answer("submit_sm_resp", pdu.sequence, consts.SMPP_ESME_RSUBMITFAIL)
            return True
        part = store.take(pdu)
        if behaviour.receipt_state != "none" and pdu.registered_delivery & 1:
            self.smsc.later(part)
        if behaviour.cut_before_answer > 0:
            behaviour.cut_before_answer -= 1
            return False
        if behaviour.mute_next > 0:
            behaviour.mute_next -= 1
            return True
        self._answer("submit_sm_resp", pdu.sequence, message_id=part.message_id)
        return True

    def _answer(self, command: str, sequence: int, status: int = 0, **fields: Any) -> None:
        answer = wire.make_pdu(command, client=self.numbers, sequence=sequence, status=status)
        for name, value in fields.items():
            setattr(answer, name, value)
        answer.sequence = sequence
        answer.status = status
        self.writer.write(answer.generate())
