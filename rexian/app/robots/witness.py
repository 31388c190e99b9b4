"""What all checks of the tour share: the plan, the books of what was seen, the carrier's list."""

from collections.abc import Callable
from typing import Any

import httpx

from rexian.app.robots.checks import Seen
from rexian.app.robots.desk import seen
from rexian.app.robots.plan import Plan
from rexian.app.robots.timeline import Timeline
from rexian.app.wiring import Services
from rexian.kernel.actor import Actor

ACTOR = Actor.system("demo")
SMS_S, FAX_S, READER_S = 30.0, 150.0, 30.0

Message = dict[str, Any]


class Witness:
    """Looks where a person would look, and where the carrier and the log keep their own books."""

    def __init__(
        self,
        plan: Plan,
        services: Services,
        timeline: Timeline,
        found: Seen,
        facts: dict[str, str],
    ) -> None:
        """Check the run of `plan`; `facts` is filled as the tour goes on."""
        self.plan = plan
        self.services = services
        self.timeline = timeline
        self.seen = found
        self.facts = facts

    async def sms(self, to: str, fits: Callable[[str], bool]) -> Message:
        """Wait for an SMS at the carrier, whole, whose text fits. Raises `NotSeen`."""
        url = f"http://127.0.0.1:{self.services.settings.ports.carrier_http}/messages"

        async def arrived() -> Message | None:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
                body = (await http.get(url, params={"to": to})).json()
            found = [one for one in body["messages"] if one["complete"] and fits(one["text"])]
            return found[-1] if found else None

        return await seen(arrived, f"尾号 {to[-4:]} 的短信", seconds=SMS_S)
