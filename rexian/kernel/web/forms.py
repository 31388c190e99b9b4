"""Form values, and sentences at their fields."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import SerializationException

from rexian.kernel.errors import BadInput
from rexian.kernel.web.i18n import gettext as _


class FormValues(dict[str, str]):
    """The fields of a form or a JSON object, as stripped text; files are left out."""

    def text(self, field: str, *, limit: int = 200) -> str:
        """The text of `field`, "" when missing; raises `BadInput` at the field past `limit`."""
        value = self.get(field, "")
        if len(value) > limit:
            sentence = _("最多 %(limit)d 字，现在有 %(now)d 字，请删减后再提交。") % {
                "limit": limit,
                "now": len(value),
            }
            raise BadInput(sentence, field=field, limit=limit, length=len(value))
        return value

    def needed(self, field: str, sentence: str, *, limit: int = 200) -> str:
        """As `text`; raises `BadInput` with `sentence` at the field when it is empty."""
        value = self.text(field, limit=limit)
        if not value:
            raise BadInput(sentence, field=field)
        return value

    def flag(self, field: str) -> bool:
        """Whether a check box was ticked (or JSON true was sent)."""
        return self.get(field, "").lower() in {"1", "on", "true", "yes"}


async def form_values(request: Request[Any, Any, Any]) -> FormValues:
    """The request's fields, from a form or a JSON object. Raises `BadInput`."""
    kind, _params = request.content_type
    if kind == "application/json":
        try:
            body = await request.json()
        except SerializationException as error:
            raise BadInput(_("提交的 JSON 无法读取。")) from error
        if not isinstance(body, dict):
            raise BadInput(_("提交的 JSON 应是一个对象。"))
        return FormValues({str(k): _as_text(v) for k, v in body.items() if v is not None})
    form = await request.form()
    return FormValues(
        {k: _as_text(v) for k, v in form.multi_items() if not isinstance(v, UploadFile)}
    )


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text.replace("\r\n", "\n").replace("\x00", "").strip()
