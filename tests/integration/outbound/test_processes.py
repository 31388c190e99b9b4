"""The worker, the simulated carrier and the mail sink as the supervisor runs them."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from approvals.model import NewApproval, Result
from approvals.service import receive
from outbound.model import Channel, State
from outbound.queries import of_approval
from rexian.app.processes import carrier, mail_sink, worker
from rexian.app.services.postgres import PostgresCluster
from rexian.kernel.actor import Actor
from rexian.kernel.db import Database
from rexian.kernel.settings import Settings, load_settings
from tests.support.wait import until

NEW = NewApproval(
    system="gy-approval",
    reference="SP-2026-000123",
    matter="食品经营许可",
    result=Result.GRANTED,
    decided_at=datetime(2026, 11, 18, 1, 0, tzinfo=UTC),
    department="市市场监督管理局",
    applicant="王示例",
    phone="13985550123",
    email="wang@example.com",
)


def fetch(port: int, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


async def free_ports(count: int) -> list[int]:
    servers = [
        await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0) for _ in range(count)
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    for server in servers:
        server.close()
        await server.wait_closed()
    return ports


async def test_from_event_to_phone_and_mailbox_and_back(
    cluster: PostgresCluster, database_name: str, db: Database, tmp_path: Path
) -> None:
    smpp, http, mail = await free_ports(3)
    settings: Settings = load_settings(
        {},
        overrides={
            "home": str(tmp_path / "var"),
            "database_url": cluster.url("rexian_app", database_name),
            "ports": {"smpp": smpp, "carrier_http": http, "mail": mail},
        },
    )
    stop = asyncio.Event()
    running = [
        asyncio.create_task(one.main(settings, stop)) for one in (carrier, mail_sink, worker)
    ]

    async def bound() -> bool:
        try:
            state = await asyncio.to_thread(fetch, http, "/state")
        except OSError:
            return False
        return bool(state["bound"])

    await until(bound)
    async with db.begin() as tx:
        got = await receive(tx, NEW, Actor.system("exchange"), at=datetime.now(UTC))

    async def arrived() -> bool:
        async with db.begin() as tx:
            states = {one.channel: one.state for one in await of_approval(tx, got.approval.id)}
        return states == {Channel.SMS: State.DELIVERED, Channel.MAIL: State.SENT}

    await until(arrived)
    (message,) = (await asyncio.to_thread(fetch, http, "/messages"))["messages"]
    assert "食品经营许可" in message["text"]
    assert len(list((tmp_path / "var" / "mail").glob("*.eml"))) == 1
    sent = {"from": "8613985550123", "to": "12345", "text": "谢谢，收到了"}
    assert await asyncio.to_thread(fetch, http, "/mo", sent) == {"command_status": [0]}
    async with db.begin() as tx:
        found = await tx.exec_driver_sql("SELECT body FROM contacts WHERE channel = 'sms'")
        assert found.scalar_one() == "谢谢，收到了"
    stop.set()
    async with asyncio.timeout(10):
        await asyncio.gather(*running)
