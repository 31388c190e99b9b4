"""Places the calls of notices: work rows `calls.originate`, by an AMI user who may do only that.

A call is placed once. Whether it went through is told by events (calls/mirror.py); when a process
dies in between, the attempt is `uncertain` and a person or a proof settles it.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from calls import store
from calls.ami.client import AmiClient, AmiClosed, AmiRefused
from calls.mirror import AttemptPlaced
from calls.ports import AttemptListener
from calls.service import CONTEXTS, VARIABLES
from rexian.kernel import work
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database

log = structlog.get_logger()

USER = "dialler"
RING_MS = 45_000
TRY_AGAIN_S = 1.0
KEY_HEADER = "X-Rexian-Key"


class Dialler:
    """Executes originate work on a connection of its own."""

    def __init__(
        self, db: Database, clock: Clock, listener: AttemptListener, *, port: int, secret: str
    ) -> None:
        self.db = db
        self.clock = clock
        self.listener = listener
        self._port = port
        self._secret = secret
        self._ami: AmiClient | None = None

    async def handle(self, leased: work.Leased) -> None:
        """Place one call. Asterisk away: the row waits. Placed before: uncertain."""
        try:
            ami = await self._connected()
        except (AmiClosed, AmiRefused) as error:
            log.warning("dialler waits for Asterisk", code=error.code)
            at = self.clock.now() + timedelta(seconds=TRY_AGAIN_S)
            async with self.db.begin() as tx:
                await work.postpone(tx, leased, at=at)
            return
        now = self.clock.now()
        async with self.db.begin() as tx:
            await work.check(tx, leased)
            fresh = await store.place_attempt(tx, leased.key, now)
        if fresh:
            await self._place(ami, leased)
        else:
            await self._uncertain(leased)

    async def _place(self, ami: AmiClient, leased: work.Leased) -> None:
        try:
            await ami.ask("Originate", originate_fields(leased), action_id=leased.key)
        except AmiRefused as refused:
            change = AttemptPlaced(leased.key, ok=False, reason="REFUSED", at=self.clock.now())
            log.warning("originate refused", key=leased.key, **refused.details)
            async with self.db.begin() as tx:
                ended = await store.finish_attempt(
                    tx, change.key, state="failed", code=change.reason, proof={}, at=change.at
                )
                if ended is not None:
                    await self.listener.attempt_finished(tx, ended)
                await work.finish(tx, leased)
        except AmiClosed:
            await self._uncertain(leased)
        else:
            async with self.db.begin() as tx:
                await work.finish(tx, leased)

    async def _uncertain(self, leased: work.Leased) -> None:
        async with self.db.begin() as tx:
            ended = await store.finish_attempt(
                tx, leased.key, state="uncertain", code="LOST", proof={}, at=self.clock.now()
            )
            if ended is not None:
                await self.listener.attempt_finished(tx, ended)
            await work.mark_uncertain(tx, leased, "placed by a process that died")

    async def _connected(self) -> AmiClient:
        if self._ami is None or self._ami.lost.is_set():
            self.close()
            client = AmiClient()
            self._ami = client
            await client.connect(self._port, USER, self._secret)
        while not self._ami.events.empty():
            self._ami.events.get_nowait()
        return self._ami

    def close(self) -> None:
        """Close the connection."""
        if self._ami is not None:
            self._ami.close()
            self._ami = None


def originate_fields(leased: work.Leased) -> dict[str, str | list[str]]:
    """Return the fields of the Originate action of a work row."""
    payload = leased.payload
    context = str(payload["context"])
    chosen = {k: str(v) for k, v in payload["variables"].items() if k in VARIABLES}
    variables = [f"REXIAN_KEY={leased.key}", *(f"{k}={v}" for k, v in chosen.items())]
    if payload["channel"] == "PJSIP/fax-sink":
        variables.append(f"PJSIP_HEADER(add,{KEY_HEADER})={leased.key}")
    return {
        "Channel": str(payload["channel"]),
        "Context": context,
        "Exten": CONTEXTS[context],
        "Priority": "1",
        "CallerID": "12345 <12345>",
        "Timeout": str(RING_MS),
        "Async": "true",
        "Variable": variables,
    }
