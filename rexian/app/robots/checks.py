"""What must be seen on the tour: nine steps, each with the checks that make it true."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step of the tour: its title and its checks by name."""

    number: int
    title: str
    checks: Mapping[str, str]


STEPS: tuple[StepPlan, ...] = (
    StepPlan(
        1,
        "来电：问候、菜单、转人工",
        {"menu": "听到问候和菜单，按键有效", "silent": "不按键也转到了人工"},
    ),
    StepPlan(
        2,
        "排队与接听",
        {
            "queue": "听到排队位置和音乐",
            "citizen_hears": "市民听到话务员",
            "seat_hears": "话务员听到市民",
        },
    ),
    StepPlan(
        3,
        "坐席受理并派单",
        {
            "pop": "接听后 300 毫秒内弹屏",
            "suggested": "分类和知识建议",
            "accepted": "受理编号",
            "dispatched": "派单和办理时限",
        },
    ),
    StepPlan(
        4,
        "承办、审核、办结",
        {
            "signed": "签收",
            "replied": "答复",
            "closed": "审核并办结",
            "chain": "事件链校验无误",
        },
    ),
    StepPlan(
        5,
        "短信告知",
        {
            "accepted_sms": "受理短信",
            "result_sms": "结果短信：UCS-2、签名、分段",
            "receipt": "工单页显示回执",
        },
    ),
    StepPlan(6, "再次来电查询", {"looked_up": "逐位报读编号和办理状态"}),
    StepPlan(7, "交换与热点", {"feed": "去标识工单", "hotspot": "热点列表"}),
    StepPlan(
        8,
        "审批结果告知",
        {"approval_sms": "审批短信", "approval_fax": "传真页", "approval_page": "审批页显示凭证"},
    ),
    StepPlan(
        9,
        "录音与时间",
        {"refused": "无原因不能调听", "played": "录音可播放", "times": "各处时间一致"},
    ),
)


@dataclass(slots=True)
class Seen:
    """Which checks have been seen, each with its proof; and what went wrong."""

    proofs: dict[tuple[int, str], str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def saw(self, step: int, check: str, proof: str) -> None:
        """Note a check as seen. A name that is not planned is a mistake of ours."""
        if check not in STEPS[step - 1].checks:
            raise KeyError(check)
        self.proofs[step, check] = proof

    def missing(self, step: StepPlan) -> list[str]:
        """Checks of a step not seen, in words."""
        return [
            words for check, words in step.checks.items() if (step.number, check) not in self.proofs
        ]

    @property
    def complete(self) -> bool:
        """Whether every check of every step was seen and nothing went wrong."""
        return not self.problems and not any(self.missing(step) for step in STEPS)
