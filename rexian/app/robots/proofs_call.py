"""Step 9 of the tour: the recording is guarded and plays; every book has the same times."""

import io
from datetime import datetime

from calls.queue_log import QueueLog
from calls.service import get_call
from contacts.queries import contact
from ivr import sound
from rexian.app.robots import audio
from rexian.app.robots.citizen import MOST
from rexian.app.robots.desk import DeskClient, DeskRefused, NotSeen, seen
from rexian.app.robots.scenario import Say
from rexian.app.robots.speech import spoken
from rexian.app.robots.timeline import CHINA
from rexian.app.robots.witness import ACTOR, READER_S, Message, Witness
from rexian.kernel import events

REFUSED = 422
MIXED = 0.7
"""Correlation of a voice in a recording that mixes both sides."""
ONE_SECOND = 1.0


class CallProofs(Witness):
    """What is left of the first call."""

    async def recording(self, listener: DeskClient) -> None:
        """Step 9: no recording without a reason; with one, the citizen's voice is in it."""
        path = f"/cases/{self.facts['case']}/recording"
        if await listener.status_of(path, {"reason": ""}) != REFUSED:
            raise NotSeen("没有写原因也打开了录音。")
        self.seen.saw(9, "refused", "没有原因：422")

        async def opened() -> Message | None:
            try:
                body: Message = await listener.post(path, {"reason": self.plan.listener.reason})
            except DeskRefused:  # the recording is noted a moment after hang-up
                return None
            return body

        body = await seen(opened, "第一通电话的录音", seconds=READER_S)
        content = await listener.download(body["url"])
        samples, rate = sound.from_wav(io.BytesIO(content))
        said = next(step.say for step in self.plan.call if isinstance(step, Say))
        voice = spoken("citizen", said)
        heard = audio.match(sound.from_wav(voice)[0], samples)
        if heard.correlation < MIXED or heard.share < MOST / 2:
            raise NotSeen(f"录音里听不到市民的话（相关 {heard.correlation:.2f}）。")
        proof = f"{len(samples) / rate:.0f} 秒，市民的话相关 {heard.correlation:.3f}"
        self.timeline.note("系统", "写明原因后录音可以播放", proof)
        self.seen.saw(9, "played", proof)

    async def times(self) -> None:
        """Step 9: contact, queue log and case agree on the times to the second."""
        async with self.services.db.begin() as tx:
            call = await get_call(tx, self.facts["call"])
            talked = await contact(tx, self.facts["call"], ACTOR)
        if call is None:
            raise NotSeen("通话镜像里没有这通电话。")
        logs = self.services.settings.home / "asterisk" / "log" / "queue_log"
        rows = {row.verb: row.at for row in QueueLog(logs).of_call(call.uniqueid)}
        ended = rows.get("COMPLETECALLER") or rows.get("COMPLETEAGENT")
        pairs = {
            "进入队列": (rows.get("ENTERQUEUE"), talked.queued_at, call.queued_at),
            "接听": (rows.get("CONNECT"), talked.answered_at, call.answered_at),
            "结束": (ended, talked.ended_at, call.ended_at),
        }
        for what, moments in pairs.items():
            known = [moment for moment in moments if moment is not None]
            if len(known) < len(moments) or _spread(known) > ONE_SECOND:
                raise NotSeen(f"“{what}”的时间不一致：{_shown(moments)}。")
        await self._case_time(talked.answered_at, talked.ended_at)
        proof = _shown(pairs["接听"])
        self.timeline.note("系统", "来电记录、队列日志、工单时间一致", proof)
        self.seen.saw(9, "times", proof)

    async def _case_time(self, answered: datetime | None, ended: datetime | None) -> None:
        """The case was accepted during the talk: its first event's time says so."""
        async with self.services.db.begin() as tx:
            first = (await events.history(tx, events.Subject("case", self.facts["case"])))[0]
        if answered is None or ended is None or not answered <= first.at <= ended:
            raise NotSeen("工单的受理时间不在通话之中。")


def _spread(moments: list[datetime]) -> float:
    return (max(moments) - min(moments)).total_seconds()


def _shown(moments: tuple[datetime | None, ...]) -> str:
    return " / ".join(
        moment.astimezone(CHINA).strftime("%H:%M:%S") if moment else "无" for moment in moments
    )
