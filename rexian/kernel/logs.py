"""Logs: JSON lines on standard output, without personal data.

The first rule is that nobody logs a number or a name; the scrubber here is the second net, and
catches what a library's message or an exception's text carries along.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from rexian.kernel.settings import Settings

REMOVED = "[removed]"

PRIVATE_KEYS = frozenset(
    {
        *("address", "callee", "caller", "caller_id", "citizen_name", "code_word", "cookie"),
        *("email", "fax", "id_card", "msisdn", "password", "phone", "recipient", "secret"),
        *("text", "token"),
    }
)
"""Fields whose value is never written, whatever it looks like."""

_pattern = re.compile(
    r"""
    (?P<keep>
        [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}  # an id
      | (?<!\d)12345-\d{8}-\d{5}(?!\d)                                    # a case number
      | (?<!\d)\d{4}-\d{2}-\d{2}                                          # a date
      | (?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])                        # an internet address
    )
    | (?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dXx](?![0-9A-Za-z])
    | (?<![0-9A-Za-z.])(?:(?:\+|00)86[-\ ]?)?1[3-9]\d[-\ ]?\d{4}[-\ ]?\d{4}(?![0-9A-Za-z])
    | (?<![0-9A-Za-z.])(?:(?:\+|00)86[-\ ]?)?0?(?:10|2\d|[3-9]\d\d)[-\ ]?[2-8]\d{2,3}[-\ ]?\d{4}
      (?![0-9A-Za-z])
    | (?<![0-9A-Za-z.:\-])(?!20\d{6})[2-8]\d{7}(?![0-9A-Za-z.\-])
    """,
    re.VERBOSE,
)
_MOBILES = range(13_000_000_000, 20_000_000_000)


_detail = re.compile(r"(?<=DETAIL:)[ \t]*\S.*")
"""PostgreSQL repeats the row at fault there, whatever it holds."""


def scrub_text(text: str) -> str:
    """Return `text` with id-card and telephone numbers replaced; ids, dates, case numbers stay.

    What a database error tells of the row at fault is replaced too.
    """
    text = _detail.sub(f" {REMOVED}", text)
    return _pattern.sub(lambda found: found["keep"] or REMOVED, text)


def scrub_value(value: Any) -> Any:
    """Return `value` scrubbed, through lists and mappings."""
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return REMOVED if value in _MOBILES else value
    if isinstance(value, Mapping):
        return {key: _field(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub_value(item) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    return scrub_text(str(value))


def _field(key: str, value: Any) -> Any:
    return REMOVED if key in PRIVATE_KEYS and value else scrub_value(value)


def scrub(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Structlog processor: scrub every field of the line (stands just before the renderer)."""
    kept = {"timestamp", "level", "process", "logger"}
    return {key: value if key in kept else _field(key, value) for key, value in event.items()}


def configure(settings: Settings | None, process: str) -> None:
    """Send every log line of this process, libraries' too, to standard output as JSON.

    `process` is the supervisor's name for it, bound to each line. The level is
    `settings.log_level` where the settings have one, else INFO.
    """
    level = str(getattr(settings, "log_level", "INFO")).upper()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _bind(process),
            scrub,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _bind(process: str) -> structlog.typing.Processor:
    def add(
        _logger: Any, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add


log: structlog.stdlib.BoundLogger = structlog.get_logger("rexian")
