"""Errors with a stable code, an HTTP status and a Chinese sentence for the person who can act.

The first line of each docstring is the default English message for the log; `sentence` is what
is shown on screen. `details` go to the log and to API clients and never hold personal data.
"""

from __future__ import annotations

import inspect
from typing import Any


class RexianError(Exception):
    """Something went wrong."""

    code = "error"
    status = 500
    default_sentence = "系统出现问题，请稍后再试；已记录，值班人员会处理。"

    def __init__(
        self, sentence: str | None = None, *, field: str | None = None, **details: Any
    ) -> None:
        """Keep `sentence` (Chinese, for the person), the form `field` at fault and `details`."""
        self.sentence = sentence or self.default_sentence
        self.field = field
        self.details = details
        message = (inspect.getdoc(type(self)) or "").partition("\n")[0]
        extra = ", ".join(f"{key}={value!r}" for key, value in details.items())
        super().__init__(f"{self.code}: {message}" + (f" ({extra})" if extra else ""))

    def as_dict(self) -> dict[str, Any]:
        """Body of the JSON answer: code, sentence, field, details."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "field": self.field,
            "details": self.details,
        }


class NotFound(RexianError):
    """There is no such thing, or the asker may not know of it."""

    code = "not_found"
    status = 404
    default_sentence = "没有找到。请核对编号，或从列表中打开。"


class Forbidden(RexianError):
    """The actor's role does not include this."""

    code = "forbidden"
    status = 403
    default_sentence = "您的岗位没有这项权限。如确有需要，请联系班长或管理员。"


class NotAllowed(RexianError):
    """A rule of the domain forbids this now; `rule` in details names it."""

    code = "not_allowed"
    status = 409
    default_sentence = "当前状态下不能这样办理。"


class BadInput(RexianError):
    """What was given cannot be understood; `field` names where."""

    code = "bad_input"
    status = 422
    default_sentence = "填写的内容有误，请检查后重新提交。"


class TooMany(RexianError):
    """Too many tries in a short time."""

    code = "too_many"
    status = 429
    default_sentence = "操作过于频繁，请稍候再试。"


class Unavailable(RexianError):
    """A part that is needed does not answer now."""

    code = "unavailable"
    status = 503
    default_sentence = "系统正在恢复，请稍候几秒再试；已填写的内容不会丢失。"


class LeaseLost(RexianError):
    """The lease on this work row was taken over by another worker."""

    code = "lease_lost"
    status = 409
    default_sentence = "这项工作已由另一进程接手。"


class BadSetting(RexianError):
    """A setting is missing, unknown or wrong; `setting` in details names it."""

    code = "bad_setting"
    status = 500
    default_sentence = "配置有误。"


class ForeignDatabase(RexianError):
    """The database holds tables that are not ours; nothing was changed in it."""

    code = "foreign_database"
    status = 500
    default_sentence = "所连的数据库里有别的系统的表，为避免损坏已停止。请改用空数据库，或检查 REXIAN_DATABASE_URL。"
