"""Steps 4, 5 and 7 of the tour: the event chain, messages and receipts, the feed, the hotspots."""

import json
import re

import httpx

from exchange import tokens
from outbound import queries as outbound
from outbound.model import State
from rexian.app.robots.desk import DeskClient, NotSeen, seen
from rexian.app.robots.witness import READER_S, SMS_S, Message, Witness
from rexian.kernel import audit

UCS2 = 8


class Proofs(Witness):
    """The checks while the case goes its way, and where it ends."""

    async def verify_chain(self) -> None:
        """Step 4: every event is as it was written."""
        file = self.services.settings.file("keys", "audit.pem")
        key = audit.load_key(file)
        faults = await audit.verify(self.services.db, key, audit.last_file(file))
        if faults:
            raise NotSeen(f"事件链校验发现问题：{faults[0].problem}。")
        self.timeline.note("系统", "事件链校验无误", "rexian audit verify")
        self.seen.saw(4, "chain", "没有问题")

    async def messages(self, centre: DeskClient) -> None:
        """Step 5: two SMS at the carrier, the second in parts, their receipts on the case page."""
        number = self.facts["number"]
        to = self.plan.citizen.number
        first = await self.sms(to, lambda text: number in text and "查询码" in text)
        code = re.search(r"查询码\s*([0-9]{6})", first["text"])
        if code is None:
            raise NotSeen("受理短信里没有六位查询码。")
        self.facts["code"] = code[1]
        self.timeline.note("市民", f"收到短信：{first['text']}")
        self.seen.saw(5, "accepted_sms", first["id"])
        result = await self.sms(to, lambda text: number in text and "答复" in text)
        self.timeline.note("市民", f"收到短信：{result['text']}", f"{len(result['parts'])} 段")
        self._check_layout(result)
        await self._receipts(centre)

    def _check_layout(self, message: Message) -> None:
        signature = f"【{self.services.settings.sms.signature}】"
        parts = message["parts"]
        if not message["text"].startswith(signature):
            self.seen.problems.append(f"结果短信没有以签名{signature}开头。")
        elif len(parts) < 2 or any(one["data_coding"] != UCS2 for one in parts):  # noqa: PLR2004
            self.seen.problems.append("结果短信不是分段的 UCS-2 短信。")
        elif self.plan.department.reply[:40] not in message["text"]:
            self.seen.problems.append("结果短信里没有答复内容。")
        else:
            self.seen.saw(5, "result_sms", f"{len(parts)} 段，UCS-2，{signature}")

    async def _receipts(self, centre: DeskClient) -> None:
        case = self.facts["case"]

        async def delivered() -> bool:
            async with self.services.db.begin() as tx:
                notices = await outbound.of_case(tx, case)
            return bool(notices) and all(one.state is State.DELIVERED for one in notices)

        await seen(delivered, "全部短信的送达回执", seconds=SMS_S)
        page = await centre.page(f"/cases/{case}")
        count = page.count("已送达手机")
        if not count:
            raise NotSeen("工单页没有显示短信回执。")
        self.timeline.note("系统", "工单页显示短信回执", f"{count} 段已送达手机")
        self.seen.saw(5, "receipt", f"{count} 段")

    async def feed(self) -> None:
        """Step 7: the exchange's feed holds the case, without anybody in it."""
        async with self.services.db.begin() as tx:
            token = await tokens.issue(tx, "demo", at=self.services.clock.now())

        async def item() -> Message | None:
            return await self._in_feed(token)

        found = await seen(item, "交换平台里的去标识工单", seconds=READER_S)
        words = json.dumps(found, ensure_ascii=False)
        plan = self.plan.case
        told = [one for one in (self.plan.citizen.number, plan.citizen_name) if one in words]
        if told:
            raise NotSeen("交换平台里的工单还带有个人信息。")
        proof = f"{found['number']}，{found['category'][-1]['name']}，{found['state']}"
        self.timeline.note("系统", "交换平台可取到去标识工单", proof)
        self.seen.saw(7, "feed", proof)

    async def _in_feed(self, token: str) -> Message | None:
        settings = self.services.settings
        base = f"http://127.0.0.1:{settings.ports.desk}/exchange/v1/cases"
        headers = {"Authorization": f"Bearer {token}"}
        cursor, found = "", None
        async with httpx.AsyncClient(trust_env=False, timeout=10, headers=headers) as http:
            more = True
            while more:
                answer = await http.get(base, params={"after": cursor} if cursor else {})
                page = answer.raise_for_status().json()
                mine = [one for one in page["items"] if one["number"] == self.facts["number"]]
                found = mine[-1] if mine else found
                cursor, more = page["next"], page["more"]
        return found if found and found["state"] == "closed" else None

    async def hotspot(self, centre: DeskClient) -> None:
        """Step 7: the hotspot list has the case in its topic and place."""
        plan, number = self.plan.case, self.facts["number"]

        async def line() -> Message | None:
            body = await centre.get(f"/hotspots?place={plan.township}")
            fitting = (one for one in body["items"] if number in one["numbers"])
            return next(fitting, None)

        found = await seen(line, "热点列表里的工单", seconds=READER_S)
        proof = f"{found['topic_name']} × {found['place_name']}"
        if plan.place not in proof:
            raise NotSeen(f"热点列表的地点不对：{proof}。")
        if found["topic_name"] not in await centre.page("/hotspots"):
            raise NotSeen("热点页面没有显示这个主题。")
        self.timeline.note("系统", "热点列表出现该诉求", proof)
        self.seen.saw(7, "hotspot", proof)
