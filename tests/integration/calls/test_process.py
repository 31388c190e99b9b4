"""The process `calls` as the supervisor runs it: a call becomes a contact with its recording."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from calls import service
from rexian.app.processes import calls as process
from rexian.app.services.postgres import PostgresCluster
from rexian.kernel.db import Database
from tests.support.asterisk import RealAsterisk
from tests.support.sip import SipPhone
from tests.support.wait import until

CONTACT = text(
    "SELECT c.line, c.caller_number, c.seat, c.outcome, c.queued_at, c.answered_at, c.ended_at,"
    " r.file, r.milliseconds FROM contacts c LEFT JOIN recordings r ON r.contact_id = c.id"
    " WHERE c.caller_number LIKE '%13985054321' AND c.ended_at IS NOT NULL"
)


async def test_a_call_becomes_a_contact_with_its_recording(
    asterisk: RealAsterisk, db: Database, cluster: PostgresCluster, database_name: str
) -> None:
    url = cluster.url("rexian_app", database_name)
    settings = asterisk.settings.model_copy(update={"database_url": url})
    stop = asyncio.Event()
    running = asyncio.create_task(process.main(settings, stop))
    seat = await SipPhone("seat-1007", asterisk.secret("seat-1007"), settings.ports.sip).open()
    await seat.register()
    async with db.begin() as tx:
        await service.request_seat(tx, "1007", "ready")
    citizen = await SipPhone("trunk", asterisk.secret("trunk"), settings.ports.sip).open()
    await citizen.call("12345", caller=b"13985054321")
    await seat.wait(lambda: seat.talking)
    heard = seat.heard_packets
    await until(lambda: seat.heard_packets >= heard + 20, 10, "the seat hears the citizen")
    citizen.hang_up()

    async def contact():
        async with db.begin() as tx:
            return (await tx.execute(CONTACT)).one_or_none()

    row = await until(contact, 15, "the contact with its recording")
    assert (row.line, row.seat, row.outcome) == ("12345", "1007", "answered")
    assert row.queued_at <= row.answered_at <= row.ended_at
    assert row.file.endswith(".wav")
    assert row.milliseconds >= 0
    async with db.begin() as tx:
        await service.request_seat(tx, "1007", "sign_out")
        call = await service.last_call(tx, "1007")
    assert call is not None
    await citizen.close()
    await seat.close()
    stop.set()
    await asyncio.wait_for(running, 10)
