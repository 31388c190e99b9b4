"""Fax, letter and mail of an approval's result, with their proofs."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncConnection

from approvals.model import NewApproval, Result
from approvals.service import receive
from calls.model import Attempt
from outbound import queries
from outbound.mail_sender import MailSender, MailServer
from outbound.model import State
from outbound.notices import EVENTS, Notices
from outbound.paper_sender import FaxReports, FaxSender, LetterPrinter
from outbound.quiet import QuietHours
from rexian.app.carrier.mailbox import start_mailbox
from rexian.kernel.actor import Actor
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.readers import Reader
from rexian.kernel.settings import ROOT
from rexian.kernel.work import Work, Worker

from .conftest import FakeCases

FONTS = ROOT / "var" / "fonts"
NEW = NewApproval(
    system="gy-approval",
    reference="SP-2026-000123",
    matter="食品经营许可",
    result=Result.GRANTED,
    decided_at=datetime(2026, 11, 18, 1, 0, tzinfo=UTC),
    department="市市场监督管理局",
    applicant="王示例",
)


@dataclass
class Exchange:
    """Stands in for the telephone side: what was asked to be dialled."""

    asked: list[tuple[str, str, Path]] = field(default_factory=list)

    async def __call__(self, tx: AsyncConnection, *, key: str, number: str, file: Path) -> None:
        self.asked.append((key, number, file))


@dataclass
class Post:
    """The channels of paper and mail, and what they wrote where."""

    db: Database
    clock: FixedClock
    line: Exchange
    folder: Path
    reader: Reader
    worker: Worker

    async def approve(self, *, fax: str = "", email: str = "") -> str:
        async with self.db.begin() as tx:
            new = replace(NEW, fax=fax, email=email)
            got = await receive(tx, new, Actor.system("exchange"), at=self.clock.now())
        await self.reader.run_once()
        await self.worker.idle()
        return got.approval.id

    async def shown(self, approval_id: str) -> queries.Notice:
        async with self.db.begin() as tx:
            (one,) = await queries.of_approval(tx, approval_id)
        return one

    async def finished(self, state: str, code: str, **proof: str) -> None:
        key = self.line.asked[-1][0]
        at = self.clock.now()
        done = Attempt(key, "fax-out", state, code, proof, at, at, at + timedelta(seconds=34))
        async with self.db.begin() as tx:
            await FaxReports(self.clock).attempt_finished(tx, done)


@pytest.fixture
async def post(bare_db: Database, clock: FixedClock, tmp_path: Path) -> AsyncIterator[Post]:
    mailbox = await start_mailbox(tmp_path, 0)
    port = mailbox.sockets[0].getsockname()[1]
    line = Exchange()
    handlers: dict[str, Work] = {
        "outbound.fax": FaxSender(bare_db, clock, FONTS, tmp_path, line, QuietHours.never()),
        "outbound.letter": LetterPrinter(bare_db, clock, FONTS, tmp_path),
        "outbound.mail": MailSender(
            bare_db, clock, MailServer("127.0.0.1", port), "12345@hotline.example"
        ),
    }
    handler = Notices(FakeCases(), clock, QuietHours.never(), "贵阳12345")
    reader = Reader(bare_db, "notices", handler, types=EVENTS, clock=clock)
    worker = Worker(bare_db, handlers, owner="test", clock=clock)
    yield Post(bare_db, clock, line, tmp_path, reader, worker)
    mailbox.close()
    await mailbox.wait_closed()


async def test_a_fax_is_dialled_once_and_proved(post: Post) -> None:
    approval_id = await post.approve(fax="0851-85550199")
    ((key, number, file),) = post.line.asked
    assert number == "085185550199"
    with Image.open(file) as page:
        assert (page.size, page.mode) == ((1728, 2292), "1")
    assert (await post.shown(approval_id)).state is State.SENDING
    await post.finished("done", "SUCCESS", status="SUCCESS", pages="1", received="1.tif")
    shown = await post.shown(approval_id)
    assert shown.state is State.DELIVERED
    assert shown.proof["fax_status"] == "SUCCESS"
    assert shown.proof["fax_pages"] == "1"
    assert shown.proof["seconds"] == 34
    assert shown.proof["received"] == "1.tif"
    assert key.partition(":")[0] == shown.id
    await post.finished("failed", "FAX_FAILED")
    assert (await post.shown(approval_id)).state is State.DELIVERED, "told twice: no change"


async def test_a_busy_fax_is_dialled_three_times_then_left(post: Post) -> None:
    approval_id = await post.approve(fax="0851-85550199")
    for calls in (1, 2):
        await post.finished("failed", "BUSY")
        assert (await post.shown(approval_id)).state is State.WAITING
        assert len(post.line.asked) == calls
        post.clock.advance(timedelta(minutes=5))
        await post.worker.idle()
    assert len(post.line.asked) == 3
    await post.finished("failed", "BUSY")
    shown = await post.shown(approval_id)
    assert (shown.state, shown.error_name) == (State.FAILED, "对方占线")


async def test_a_busy_fax_is_not_dialled_again_at_night(post: Post) -> None:
    sender = post.worker.handlers["outbound.fax"]
    assert isinstance(sender, FaxSender)
    rule = QuietHours.parse("21:30", "08:00", 60)
    post.worker.handlers["outbound.fax"] = replace(sender, quiet=rule)
    post.clock.set(datetime(2026, 11, 18, 13, 28, tzinfo=UTC))
    await post.approve(fax="0851-85550199")
    assert len(post.line.asked) == 1
    await post.finished("failed", "BUSY")
    post.clock.advance(timedelta(minutes=6))
    await post.worker.idle()
    assert len(post.line.asked) == 1, "21:34 in Guiyang"
    post.clock.set(datetime(2026, 11, 19, 0, 0, tzinfo=UTC))
    await post.worker.idle()
    assert len(post.line.asked) == 2


async def test_a_fax_broken_off_is_not_sent_again_by_itself(post: Post) -> None:
    approval_id = await post.approve(fax="0851-85550199")
    await post.finished("failed", "FAX_FAILED", status="FAILED", pages="0")
    assert (await post.shown(approval_id)).state is State.FAILED
    post.clock.advance(timedelta(days=1))
    await post.worker.idle()
    assert len(post.line.asked) == 1


async def test_an_uncertain_call_makes_an_uncertain_fax(post: Post) -> None:
    approval_id = await post.approve(fax="0851-85550199")
    await post.finished("uncertain", "LOST")
    assert (await post.shown(approval_id)).state is State.UNCERTAIN


async def test_a_mail_arrives_as_it_was_written(post: Post) -> None:
    approval_id = await post.approve(email="wang@example.com")
    shown = await post.shown(approval_id)
    assert shown.state is State.SENT
    (file,) = post.folder.glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == "审批结果告知书"
    assert mail["To"] == "wang@example.com"
    assert mail["Message-ID"] == f"<{shown.id}@hotline.example>"
    assert "准予许可" in mail.get_content()


async def test_a_mail_server_that_is_down_is_tried_again(
    post: Post, bare_db: Database, clock: FixedClock
) -> None:
    deaf = MailSender(bare_db, clock, MailServer("127.0.0.1", 1), "12345@hotline.example")
    alive = post.worker.handlers["outbound.mail"]
    post.worker.handlers["outbound.mail"] = deaf
    approval_id = await post.approve(email="wang@example.com")
    assert (await post.shown(approval_id)).state is State.WAITING
    post.worker.handlers["outbound.mail"] = alive
    clock.advance(timedelta(minutes=1))
    await post.worker.idle()
    assert (await post.shown(approval_id)).state is State.SENT


async def test_an_address_the_server_cannot_take_fails_and_nothing_is_uncertain(
    post: Post,
) -> None:
    approval_id = await post.approve(email="王示例@example.com")
    shown = await post.shown(approval_id)
    assert (shown.state, shown.error) == (State.FAILED, "SMTPUTF8")


async def test_nobody_to_ring_gets_a_letter(post: Post) -> None:
    approval_id = await post.approve()
    shown = await post.shown(approval_id)
    assert (shown.channel_name, shown.state) == ("信函", State.SENT)
    file = post.folder / shown.proof["file"]
    assert file.read_bytes().startswith(b"%PDF")
