"""Chinese names of what a case is made of."""

from __future__ import annotations

from enum import StrEnum

from cases.deadlines import Tier


class Kind(StrEnum):
    """What a citizen wants (诉求类型)."""

    ENQUIRY = "enquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


KIND_NAMES = {
    Kind.ENQUIRY: "咨询",
    Kind.HELP: "求助",
    Kind.COMPLAINT: "投诉",
    Kind.REPORT: "举报",
    Kind.SUGGESTION: "建议",
    Kind.PRAISE: "表扬",
}

#: The tier of a kind, where the category does not decide it.
KIND_TIERS = {
    Kind.ENQUIRY: Tier.ENQUIRY,
    Kind.HELP: Tier.HELP,
    Kind.COMPLAINT: Tier.COMPLAINT,
    Kind.REPORT: Tier.COMPLAINT,
    Kind.SUGGESTION: Tier.HELP,
    Kind.PRAISE: Tier.ENQUIRY,
}

EVENT_NAMES = {
    "case.accepted": "受理",
    "case.answered_directly": "直办答复",
    "case.dispatched": "派单",
    "case.signed": "签收",
    "case.replied": "答复",
    "case.reviewed": "审核",
    "case.closed": "办结",
}

TEXT_NAMES = {
    "request": "诉求内容",
    "address": "事发地点",
    "direct_answer": "直办答复",
    "dispatch_note": "派单说明",
    "public_reply": "给市民的答复",
    "internal_note": "内部说明",
    "review_comment": "审核意见",
}

OUTCOME_NAMES = {"answered_directly": "直接答复", "handled": "办理完成"}
