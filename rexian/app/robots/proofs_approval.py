"""Step 8 of the tour: a result arrives as a file, and the applicant gets an SMS and a fax."""

import json
import os
import secrets
from pathlib import Path

from approvals import queries as approvals
from approvals.model import Approval
from exchange.approval_files import SCHEMA
from exchange.folders import Folders
from outbound import queries as outbound
from outbound.model import Channel, State
from rexian.app.robots.desk import DeskClient, NotSeen, seen
from rexian.app.robots.timeline import CHINA
from rexian.app.robots.witness import ACTOR, FAX_S, READER_S, Witness


class ApprovalProofs(Witness):
    """The way of one approval."""

    async def arrive(self) -> Approval:
        """Step 8: a result arrives as a file; the applicant gets an SMS and a fax."""
        plan = self.plan.approval
        reference = f"SP{self.services.clock.now():%Y%m%d}{secrets.randbelow(10**6):06d}"
        self._drop_file(reference)
        self.timeline.note("审批", f"审批结果文件放入交换收件夹：{reference}")

        async def taken() -> Approval | None:
            async with self.services.db.begin() as tx:
                return next(iter(await approvals.recent(tx, ACTOR, words=reference)), None)

        approval = await seen(taken, "交换收件夹里的审批结果", seconds=READER_S)
        message = await self.sms(plan.phone, lambda text: reference in text)
        self.timeline.note("审批", f"申请人收到短信：{message['text']}")
        self.seen.saw(8, "approval_sms", message["id"])
        return approval

    def _drop_file(self, reference: str) -> None:
        plan = self.plan.approval
        record = plan.model_dump() | {
            "reference": reference,
            "decided_at": self.services.clock.now().astimezone(CHINA).isoformat(timespec="seconds"),
        }
        inbox = Folders(self.services.settings.path("exchange")).inbox
        inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = inbox / f"{reference}.json.part"
        content = {"schema": SCHEMA, "records": [record]}
        part.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        if os.geteuid() == 0:
            owner = inbox.stat()
            os.chown(part, owner.st_uid, owner.st_gid)
        part.rename(inbox / f"{reference}.json")

    async def page(self, approval: Approval, centre: DeskClient) -> None:
        """Step 8: the fax page came, and both proofs stand on the approval's page."""

        async def proven() -> dict[Channel, outbound.Notice] | None:
            async with self.services.db.begin() as tx:
                notices = {one.channel: one for one in await outbound.of_approval(tx, approval.id)}
            wanted = {Channel.SMS, Channel.FAX}
            there = wanted <= set(notices)
            good = all(notices[one].state is State.DELIVERED for one in wanted & set(notices))
            return notices if there and good else None

        notices = await seen(proven, "审批短信和传真的送达凭证", seconds=FAX_S)
        page = self._fax_page(notices[Channel.FAX])
        proof = f"{page.name}，{page.stat().st_size} 字节"
        self.timeline.note("审批", "传真机收到一页", proof)
        self.seen.saw(8, "approval_fax", proof)
        text = await centre.page(f"/approvals/{approval.id}")
        if "已送达手机" not in text or "传真" not in text:
            raise NotSeen("审批页没有显示短信和传真的凭证。")
        self.timeline.note("审批", "审批页显示短信和传真的凭证", approval.reference)
        self.seen.saw(8, "approval_page", approval.reference)

    def _fax_page(self, fax: outbound.Notice) -> Path:
        name = Path(str(fax.proof.get("received", ""))).name
        page = self.services.settings.home / "fax" / "received" / name
        if not name or not page.is_file():
            raise NotSeen("传真显示已送达，但收到的页面不在。")
        return page
