"""One SIP telephone in a process of its own, driven over stdin and stdout, a JSON object a line.

pjsua2 aborts the whole process on an API call from a foreign thread and on a call that outlives
the library, so every phone lives alone: `python -m rexian.app.robots.phone_process`. All work is
done in one thread by pumping `libHandleEvents`; callbacks only take notes. When stdin ends the
phone hangs up and leaves, so no phone outlives who started it.

Commands: open, dial, digits, say, answer, hang_up, close (see `Order`). Events: ready, registered,
incoming, call, media, digit, error, closed; each carries `at`, seconds since the epoch.
"""

import contextlib
import gc
import json
import os
import select
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, TextIO

import pjsua2 as pj

from rexian.app.robots.phone_config import account_config, endpoint_config

TICK_MS = 20
BUSY = 486
OK = 200

Order = dict[str, Any]


class _Call(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """A call that notes what happens to it."""

    def __init__(
        self, phone: "Telephone", account: Any, call_id: int = pj.PJSUA_INVALID_ID
    ) -> None:
        super().__init__(account, call_id)
        self._phone = phone

    def onCallState(self, _prm: Any) -> None:  # noqa: N802  pjsua2 calls it by this name
        """Note the SIP dialog's state."""
        info = self.getInfo()
        if self._phone.refused(self):
            return
        self._phone.tell(
            "call", state=info.stateText, code=int(info.lastStatusCode), reason=info.lastReason
        )
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._phone.ended = True

    def onCallMediaState(self, _prm: Any) -> None:  # noqa: N802  pjsua2 calls it by this name
        """Connect the recorder and the player once sound flows."""
        info = self.getInfo()
        if any(
            media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE
            for media in info.media
        ):
            self._phone.sound_flows(self.getAudioMedia(-1))

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802  pjsua2 calls it by this name
        """Note a digit from the other side (RFC 4733)."""
        self._phone.tell("digit", digit=str(prm.digit))


class _Account(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """An account that notes its registration and what rings."""

    def __init__(self, phone: "Telephone") -> None:
        super().__init__()
        self._phone = phone

    def onRegState(self, prm: Any) -> None:  # noqa: N802  pjsua2 calls it by this name
        """Note the registrar's answer."""
        self._phone.tell("registered", code=int(prm.code), reason=prm.reason)

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802  pjsua2 calls it by this name
        """Ring, or refuse while another call is up."""
        self._phone.rings(_Call(self._phone, self, prm.callId))


class Telephone:
    """One phone: an endpoint, an account, at most one call."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._endpoint: Any = None
        self._account: Any = None
        self._call: Any = None
        self._media: Any = None
        self._recorder: Any = None
        self._player: Any = None
        self._waiting: deque[Any] = deque()
        self._refused: list[Any] = []
        self._options: Order = {}
        self._answer_at: float | None = None
        self._calls = 0
        self.ended = False
        self.open = True

    @property
    def ready(self) -> bool:
        """Whether the phone has been opened."""
        return self._endpoint is not None

    def tell(self, event: str, **what: Any) -> None:
        """Write an event."""
        line = json.dumps({"event": event, "at": round(time.time(), 3), **what})
        self._out.write(line + "\n")
        self._out.flush()

    def obey(self, order: Order) -> None:
        """Carry out one command."""
        match order.get("do"):
            case "open":
                self._start(order)
            case "dial":
                self._call = _Call(self, self._account)
                self._call.makeCall(order["to"], pj.CallOpParam(True))
            case "digits" if self._call:
                self._send_digits(order["keys"])
            case "say":
                self._options["say"] = order["file"]
                self._options["loop"] = order.get("loop", False)
                self._play()
            case "answer" if self._call:
                self._answer()
            case "hang_up" if self._call:
                self._call.hangup(pj.CallOpParam())
            case "close":
                self.open = False

    def work(self) -> None:
        """One turn of the pump; everything that must not happen inside a callback."""
        self._endpoint.libHandleEvents(TICK_MS)
        while self._waiting:
            call = self._waiting.popleft()
            if self._call is not None:
                self._refused.append(call)  # kept until the present call ends
                call.hangup(_with_status(BUSY))
                continue
            self._call, self.ended = call, False
            delay = self._options.get("answer_after_ms")
            self._answer_at = None if delay is None else time.monotonic() + delay / 1000
        if self._answer_at is not None and time.monotonic() >= self._answer_at and self._call:
            self._answer()
        if self.ended:
            self._drop_call()

    def rings(self, call: Any) -> None:
        """A call comes in (inside a callback: only noted)."""
        self.tell("incoming", caller=call.getInfo().remoteUri)
        self._waiting.append(call)

    def refused(self, call: Any) -> bool:
        """Whether this call was refused because another one is up."""
        return any(one is call for one in self._refused)

    def sound_flows(self, media: Any) -> None:
        """Sound flows: record what is heard, and say what there is to say."""
        if self._media is not None:
            return
        self._media = media
        self._calls += 1
        file = Path(self._options["folder"]) / f"heard-{self._calls}.wav"
        self._recorder = pj.AudioMediaRecorder()
        self._recorder.createRecorder(str(file))
        media.startTransmit(self._recorder)
        self.tell("media", file=str(file))
        self._play()

    def close(self) -> None:
        """Leave in the order pjsua2 needs: call, account, a moment of pumping, library."""
        if self._endpoint is None:
            return
        with contextlib.suppress(pj.Error):  # the other side may have hung up meanwhile
            if self._call is not None:
                self._call.hangup(pj.CallOpParam())
        self._pump(0.2)
        self._drop_call()
        if self._account is not None:
            self._account.shutdown()
            self._account = None
        self._waiting.clear()
        gc.collect()
        self._pump(0.3)
        self._endpoint.libDestroy()
        self._endpoint = None

    def _pump(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._endpoint.libHandleEvents(TICK_MS)

    def _start(self, order: Order) -> None:
        self._options = order
        endpoint = pj.Endpoint()
        endpoint.libCreate()
        endpoint.libInit(endpoint_config())
        transport = pj.TransportConfig()
        transport.boundAddress = "127.0.0.1"
        transport.port = int(order.get("port", 0))
        transport_id = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        self._endpoint = endpoint
        self._account = _Account(self)
        self._account.create(account_config(order))
        self.tell("ready", address=endpoint.transportGetInfo(transport_id).localName)

    def _answer(self) -> None:
        self._answer_at = None
        self._call.answer(_with_status(OK))

    def _send_digits(self, keys: str) -> None:
        what = pj.CallSendDtmfParam()
        what.method = pj.PJSUA_DTMF_METHOD_RFC2833
        what.duration = 120
        what.digits = keys
        self._call.sendDtmf(what)

    def _play(self) -> None:
        if self._media is None:
            return
        if self._player is not None:
            self._player.stopTransmit(self._media)
            self._player = None
        file = self._options.get("say")
        if file:
            self._player = pj.AudioMediaPlayer()
            loop = self._options.get("loop", True)
            self._player.createPlayer(file, 0 if loop else pj.PJMEDIA_FILE_NO_LOOP)
            self._player.startTransmit(self._media)

    def _drop_call(self) -> None:
        self.ended = False
        self._answer_at = None
        self._player = self._recorder = self._media = self._call = None
        self._refused.clear()
        gc.collect()


def _with_status(code: int) -> Any:
    param = pj.CallOpParam()
    param.statusCode = code
    return param


def _orders(descriptor: int, rest: bytearray) -> list[Order] | None:
    """Commands that have arrived; None when whoever drives this phone has gone."""
    if not select.select([descriptor], [], [], 0)[0]:
        return []
    chunk = os.read(descriptor, 65_536)
    if not chunk:
        return None
    rest += chunk
    *lines, tail = bytes(rest).split(b"\n")
    rest[:] = tail
    return [json.loads(line) for line in lines if line.strip()]


def main() -> int:
    """Serve one phone until told to close."""
    # stdout belongs to the events: whatever the library prints goes to stderr
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    phone, rest = Telephone(out), bytearray()
    while phone.open:
        orders = _orders(0, rest)
        if orders is None:
            break
        for order in orders:
            try:
                phone.obey(order)
            except pj.Error as error:
                phone.tell("error", order=order.get("do"), reason=error.reason)
        if phone.ready:
            phone.work()
        else:
            select.select([0], [], [], 0.05)
    phone.close()
    phone.tell("closed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
