"""A bare SIP phone over UDP (RFC 3261, digest of RFC 2617, RFC 4733 digits) that may misbehave.

Unlike a real phone it sends any bytes as its name, and hangs up in the middle of anything.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import secrets
import struct
from collections.abc import Callable

RTP_PACKET_BYTES = 160
SILENCE = b"\xff" * RTP_PACKET_BYTES
KEYS = "0123456789*#"


class SipPhone(asyncio.DatagramProtocol):
    """One phone: registers and answers as `user`, or calls out with any number and name."""

    def __init__(self, user: str, password: str, port: int, *, answer: bool = True) -> None:
        self.user, self.password, self.port = user, password, port
        self.answer = answer
        self.codes: list[int] = []
        self.changed = asyncio.Condition()
        self.talking = False
        self.hung_up = False
        self.rung = 0
        self.heard_packets = 0
        self._call = ""
        self._dialog: dict[str, str] = {}
        self._cseq = itertools.count(1)
        self._rtp: RtpStream | None = None
        self._retry: Callable[[str], None] | None = None
        self._tag = secrets.token_hex(4)

    async def open(self) -> SipPhone:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.local = self.transport.get_extra_info("sockname")[1]
        return self

    async def close(self) -> None:
        if self.talking:
            self.hang_up()
        if self._rtp is not None:
            self._rtp.close()
        self.transport.close()

    # ---- what a person does -----------------------------------------------------------------

    async def register(self, seconds: int = 300) -> None:
        """Register; with 0 seconds the place is given up."""
        self._call = secrets.token_hex(8)
        self.codes.clear()
        uri = f"sip:127.0.0.1:{self.port}"
        contact = f"Contact: <sip:{self.user}@127.0.0.1:{self.local}>\r\nExpires: {seconds}\r\n"

        def send(authorization: str) -> None:
            self._send("REGISTER", uri, self.user.encode(), self.user, contact + authorization)

        self._retry = send
        send("")
        await self.wait(lambda: 200 in self.codes)

    async def call(self, number: str, *, caller: bytes = b"13985000000", name: bytes = b"") -> None:
        """Dial `number`; returns when it is answered. `caller` and `name` go out as they are."""
        self._call = secrets.token_hex(8)
        self._rtp = await RtpStream.open(self)
        body = self._sdp()
        uri = f"sip:{number}@127.0.0.1:{self.port}"
        extra = f"Contact: <sip:{self.user}@127.0.0.1:{self.local}>\r\n"

        def send(authorization: str) -> None:
            self._send("INVITE", uri, caller, number, extra + authorization, body, name=name)

        self._dialog = {"uri": uri, "to": f"<{uri}>"}
        self._retry = send
        send("")
        await self.wait(lambda: self.talking or any(code >= 402 for code in self.codes))

    def hang_up(self) -> None:
        self.talking = False
        target = self._dialog.get("target", self._dialog["uri"])
        lines = (
            f"BYE {target} SIP/2.0\r\n{self._via()}Max-Forwards: 70\r\n"
            f"From: {self._dialog['from']}\r\nTo: {self._dialog['to']}\r\n"
            f"Call-ID: {self._call}\r\nCSeq: {next(self._cseq) + 100} BYE\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        self._put(lines.encode("latin-1"))

    async def press(self, keys: str) -> None:
        assert self._rtp is not None
        for key in keys:
            await self._rtp.press(key)

    async def wait(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(condition)

    # ---- SIP --------------------------------------------------------------------------------

    def _via(self) -> str:
        branch = f"z9hG4bK{secrets.token_hex(6)}"
        return f"Via: SIP/2.0/UDP 127.0.0.1:{self.local};rport;branch={branch}\r\n"

    def _send(
        self, method: str, uri: str, caller: bytes, to: str, extra: str, body: str = "",
        *, name: bytes = b"",
    ) -> None:  # fmt: skip
        quoted = b'"' + name + b'" ' if name else b""
        origin = quoted + b"<sip:" + caller + b"@127.0.0.1>;tag=" + self._tag.encode()
        self._dialog["from"] = origin.decode("latin-1")
        kind = "Content-Type: application/sdp\r\n" if body else ""
        head = (
            f"{method} {uri} SIP/2.0\r\n{self._via()}Max-Forwards: 70\r\n"
            f"From: {self._dialog['from']}\r\nTo: <sip:{to}@127.0.0.1:{self.port}>\r\n"
            f"Call-ID: {self._call}\r\nCSeq: {next(self._cseq)} {method}\r\n{extra}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._method, self._uri = method, uri
        self._put(head.encode("latin-1"))

    def _put(self, packet: bytes) -> None:
        self.transport.sendto(packet, ("127.0.0.1", self.port))

    def _sdp(self) -> str:
        assert self._rtp is not None
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self._rtp.port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
        )

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        words = data.decode("latin-1")
        if words.startswith("SIP/2.0 "):
            self._response(words)
        else:
            self._request(words)
        asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def _response(self, words: str) -> None:
        code = int(words[8:11])
        method = _field(words, "CSeq").split()[1]
        if method == "INVITE" and code >= 200:
            self._ack(words)
        if code in {401, 407} and self._retry is not None:
            retry, self._retry = self._retry, None
            retry(self._authorization(words, code))
            return
        if method in {"INVITE", "REGISTER"}:
            self.codes.append(code)
        if method == "INVITE" and code == 200 and not self.talking:
            self.talking = True
            self._dialog["to"] = _field(words, "To")
            self._start_rtp(words)

    def _ack(self, words: str) -> None:
        found = re.search(r"^Contact: *<([^>]+)>", words, re.MULTILINE)
        target = found[1] if found else self._dialog["uri"]
        self._dialog["target"] = target
        self._put(
            (
                f"ACK {target} SIP/2.0\r\n{_header(words, 'Via')}\r\nMax-Forwards: 70\r\n"
                f"From: {_field(words, 'From')}\r\nTo: {_field(words, 'To')}\r\n"
                f"Call-ID: {self._call}\r\nCSeq: {_field(words, 'CSeq').split()[0]} ACK\r\n"
                "Content-Length: 0\r\n\r\n"
            ).encode("latin-1")
        )

    def _authorization(self, words: str, code: int) -> str:
        line = _field(words, "WWW-Authenticate" if code == 401 else "Proxy-Authenticate")
        realm = re.search(r'realm="([^"]*)"', line)
        nonce = re.search(r'nonce="([^"]*)"', line)
        opaque = re.search(r'opaque="([^"]*)"', line)
        assert realm
        assert nonce
        one = _md5(f"{self.user}:{realm[1]}:{self.password}")
        two = _md5(f"{self._method}:{self._uri}")
        answer = _md5(f"{one}:{nonce[1]}:00000001:abc:auth:{two}")
        name = "Authorization" if code == 401 else "Proxy-Authorization"
        return (
            f'{name}: Digest username="{self.user}", realm="{realm[1]}", nonce="{nonce[1]}", '
            f'uri="{self._uri}", response="{answer}", algorithm=MD5, qop=auth, nc=00000001, '
            f'cnonce="abc"' + (f', opaque="{opaque[1]}"' if opaque else "") + "\r\n"
        )

    def _request(self, words: str) -> None:
        method = words.split(" ", 1)[0]
        if method == "INVITE":
            self.rung += 1
            asyncio.get_running_loop().create_task(self._take(words))
        elif method != "ACK":
            self._reply(words, "200 OK")
            if method in {"BYE", "CANCEL"}:
                self.talking = False
                self.hung_up = True
            if method == "CANCEL":
                self._reply(words.replace("CANCEL", "INVITE"), "487 Request Terminated")

    async def _take(self, words: str) -> None:
        self._reply(words, "180 Ringing")
        if not self.answer:
            return
        self._call = _field(words, "Call-ID")
        if self._rtp is not None:
            self._rtp.close()
        self._rtp = await RtpStream.open(self)
        contact = f"Contact: <sip:{self.user}@127.0.0.1:{self.local}>\r\n"
        self._dialog = {
            "from": f"{_field(words, 'To')};tag={self._tag}",
            "to": _field(words, "From"),
            "uri": f"sip:127.0.0.1:{self.port}",
            "target": re.search(r"^Contact: *<([^>]+)>", words, re.MULTILINE)[1],  # type: ignore[index]
        }
        self._reply(words, "200 OK", contact, self._sdp())
        self.talking = True
        self._start_rtp(words)
        await self._notify()

    def _reply(self, words: str, status: str, extra: str = "", body: str = "") -> None:
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._put(
            (
                f"SIP/2.0 {status}\r\n{_header(words, 'Via')}\r\nFrom: {_field(words, 'From')}\r\n"
                f"To: {_field(words, 'To')};tag={self._tag}\r\nCall-ID: {_field(words, 'Call-ID')}"
                f"\r\nCSeq: {_field(words, 'CSeq')}\r\n{extra}{kind}"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode("latin-1")
        )

    def _start_rtp(self, words: str) -> None:
        found = re.search(r"^m=audio (\d+)", words, re.MULTILINE)
        if found and self._rtp is not None:
            self._rtp.start(int(found[1]))


class RtpStream(asyncio.DatagramProtocol):
    """20 ms of silence after the other, with digits as named events in between."""

    def __init__(self, phone: SipPhone) -> None:
        self.phone = phone
        self.transport: asyncio.DatagramTransport
        self.port = 0
        self.sequence = 1
        self.clock = 160
        self.task: asyncio.Task[None] | None = None
        self.keys: asyncio.Queue[tuple[int, asyncio.Future[None]]] = asyncio.Queue()

    @classmethod
    async def open(cls, phone: SipPhone) -> RtpStream:
        stream = cls(phone)
        loop = asyncio.get_running_loop()
        stream.transport, _ = await loop.create_datagram_endpoint(
            lambda: stream, local_addr=("127.0.0.1", 0)
        )
        stream.port = stream.transport.get_extra_info("sockname")[1]
        return stream

    def start(self, far: int) -> None:
        self.far = far
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self._run())

    async def press(self, key: str) -> None:
        done = asyncio.get_running_loop().create_future()
        self.keys.put_nowait((KEYS.index(key), done))
        await done

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time()
        while True:
            if not self.keys.empty():
                event, done = self.keys.get_nowait()
                at = await self._event(event, at)
                if not done.done():
                    done.set_result(None)
            self._packet(0, SILENCE, self.clock)
            self.clock += RTP_PACKET_BYTES
            at += 0.02
            await asyncio.sleep(max(0.0, at - loop.time()))

    async def _event(self, event: int, at: float) -> float:
        started = self.clock
        for index in range(8):
            last = 0x80 if index >= 5 else 0
            length = RTP_PACKET_BYTES * min(index + 1, 6)
            mark = 0x80 if index == 0 else 0
            self._packet(101 | mark, struct.pack("!BBH", event, last | 10, length), started)
            at += 0.02
            await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
        self.clock += RTP_PACKET_BYTES * 12
        return at + 0.06

    def _packet(self, kind: int, payload: bytes, clock: int) -> None:
        head = struct.pack("!BBHII", 0x80, kind, self.sequence & 0xFFFF, clock & 0xFFFFFFFF, 77)
        self.sequence += 1
        self.transport.sendto(head + payload, ("127.0.0.1", self.far))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.phone.heard_packets += 1

    def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self.transport.close()


def _field(words: str, name: str) -> str:
    return _header(words, name).split(":", 1)[1].strip()


def _header(words: str, name: str) -> str:
    found = re.search(rf"^{name}: .*$", words, re.MULTILINE | re.IGNORECASE)
    assert found is not None, name
    return found[0].rstrip("\r")


def _md5(words: str) -> str:
    return hashlib.md5(words.encode("latin-1"), usedforsecurity=False).hexdigest()
