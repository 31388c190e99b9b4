"""The catalogue of event types: what may be written into the event log, and nothing else.

Each room declares its types in `<room>/event_types.py`, imported by the room's `__init__`, so that
they are known before the room can append. A payload's form is a small part of JSON Schema
(2020-12). A string must have a pattern or a list of values: a name, a number to call or free text
finds no field that takes it, so personal data cannot slip into the log. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rexian.kernel.errors import RexianError

Schema = Mapping[str, Any]
Check = Callable[[Any], str]
"""Where a value does not fit and what belongs there ("lead: a code"), or ""."""

_NAME = re.compile("[a-z_]{1,30}")
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class EventRefused(RexianError):
    """An event is not in the catalogue, or its payload does not have the form declared there."""

    code = "event_refused"
    default_sentence = "系统内部错误：事件未登记或内容不合规，操作没有生效；已记录，请联系管理员。"


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event: `name` and `version` are its key, `subject` the kind it is about.

    `payload` are the fields; one whose schema is wrapped in `optional` may be left out.
    """

    name: str
    subject: str
    meaning: str
    payload: Mapping[str, Schema]
    version: int = 1

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the payload."""
        return fields(self.payload)


# --- what a payload is made of -----------------------------------------------------------------


def pattern(regular: str, meaning: str) -> Schema:
    """A string that matches as a whole; `meaning` says what it is."""
    return {"type": "string", "pattern": f"^(?:{regular})$", "description": meaning}


def one_of(values: Iterable[str] | type[StrEnum]) -> Schema:
    """One of these words."""
    return {"enum": [str(value) for value in values]}


def identifier() -> Schema:
    """An id of ours: a UUID, or a short word without a long run of digits."""
    return pattern(rf"{_UUID}|(?!.*[0-9]{{7}})[A-Za-z][A-Za-z0-9_.:-]{{0,63}}", "an id")


def code(longest: int = 40) -> Schema:
    """A word of the program such as `answered`: lower case, no digits; may be empty."""
    return pattern(f"[a-z_]{{0,{longest}}}", "a word of the program")


def department() -> Schema:
    """A department's code, D-WATER."""
    return pattern("D-[A-Z0-9-]{1,30}", "a department's code")


def seat() -> Schema:
    """A seat's number, 1012."""
    return pattern("[0-9]{4}", "a seat's number")


def line() -> Schema:
    """The number that was called or written to, 12345."""
    return pattern("[0-9]{3,8}", "the number that was called")


def text_digest() -> Schema:
    """What `events.text_hash` makes of free text."""
    return pattern("[0-9a-f]{32}", "a salted hash of text")


def sha256() -> Schema:
    """SHA-256 of a file."""
    return pattern("[0-9a-f]{64}", "SHA-256 of a file")


def moment() -> Schema:
    """An aware time, ISO 8601."""
    regular = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d:\d\d|Z)"
    return {**pattern(regular, "a time"), "format": "date-time"}


def integer(lowest: int = 0, highest: int = 2**53) -> Schema:
    """A whole number; a number to call never is one."""
    return {"type": "integer", "minimum": lowest, "maximum": highest}


def boolean() -> Schema:
    """True or false."""
    return {"type": "boolean"}


def many(of: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": of}


def fields(of: Mapping[str, Schema]) -> dict[str, Any]:
    """An object with these fields and no others."""
    needed = [name for name, schema in of.items() if "optional" not in schema]
    known = {name: schema.get("optional", schema) for name, schema in of.items()}
    return {
        "type": "object",
        "properties": known,
        "required": needed,
        "additionalProperties": False,
    }


def texts(*kinds: str) -> Schema:
    """Hashes of the texts that were written, by kind; an empty text is left out."""
    return fields({kind: optional(text_digest()) for kind in kinds})


def optional(of: Schema) -> Schema:
    """A field of `fields` that may be missing."""
    return {"optional": of}


def nullable(of: Schema) -> Schema:
    """This, or null."""
    return {"anyOf": [of, {"type": "null"}]}


# --- the catalogue -----------------------------------------------------------------------------

_declared: dict[tuple[str, int], tuple[EventType, Check]] = {}


def declare(*types: EventType) -> None:
    """Add types to the catalogue. Raises `ValueError` for a name taken or a schema too wide."""
    for one in types:
        key = (one.name, one.version)
        known = _declared.get(key)
        if known is not None and known[0] != one:
            raise ValueError(f"event type {one.name} version {one.version} is declared twice")
        _declared[key] = one, _compiled(one.schema)


def declared() -> list[EventType]:
    """Everything in the catalogue, by name and version."""
    return [one for _, (one, _) in sorted(_declared.items())]


def is_declared(name: str) -> bool:
    """Whether some version of this type is in the catalogue."""
    return any(key[0] == name for key in _declared)


def check(name: str, version: int, subject: str, payload: Mapping[str, Any]) -> None:
    """Raise `EventRefused` unless the event fits its declaration; never repeats the values."""
    known = _declared.get((name, version))
    if known is None:
        raise EventRefused(type=name, version=version, problem="not declared in event_types.py")
    one, fits = known
    if subject != one.subject:
        raise EventRefused(type=name, problem=f"about a {one.subject}, not a {subject}")
    problem = fits(payload)
    if problem:
        raise EventRefused(type=name, version=version, problem=problem)


# --- checking: each schema is compiled once into a function ------------------------------------


def _compiled(schema: Schema) -> Check:
    match schema:
        case {"enum": values}:
            fits = _enum(frozenset(values))
        case {"anyOf": [inner, {"type": "null"}]}:
            fits = _nullable(_compiled(inner))
        case {"type": "object"}:
            fits = _object(schema)
        case {"type": "array", "items": items}:
            fits = _array(_compiled(items))
        case {"type": "string", "pattern": regular, "description": meaning}:
            fits = _string(re.compile(regular), meaning)
        case {"type": "integer", "minimum": lowest, "maximum": highest}:
            fits = _integer(lowest, highest)
        case {"type": "boolean"}:
            fits = _boolean
        case _:
            raise ValueError(f"a payload may not hold {schema}: give a string a pattern or values")
    return fits


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _enum(values: frozenset[str]) -> Check:
    def fits(value: Any) -> str:
        return "" if isinstance(value, str) and value in values else f"one of {sorted(values)}"

    return fits


def _nullable(inner: Check) -> Check:
    return lambda value: "" if value is None else inner(value)


def _string(regular: re.Pattern[str], meaning: str) -> Check:
    def fits(value: Any) -> str:
        return "" if isinstance(value, str) and regular.fullmatch(value) else meaning

    return fits


def _integer(lowest: int, highest: int) -> Check:
    def fits(value: Any) -> str:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if whole and lowest <= value <= highest else f"an integer {lowest}…{highest}"

    return fits


def _array(inner: Check) -> Check:
    def fits(value: Any) -> str:
        if not isinstance(value, list | tuple):
            return "a list"
        return next((problem for one in value if (problem := inner(one))), "")

    return fits


def _object(schema: Schema) -> Check:
    checks = {name: _compiled(one) for name, one in schema["properties"].items()}
    needed = frozenset(schema["required"])

    def fits(value: Any) -> str:
        if not isinstance(value, Mapping):
            return "an object"
        if not needed <= value.keys():
            return f"missing: {', '.join(sorted(needed - value.keys()))}"
        for name, one in value.items():
            inner = checks.get(name)
            if inner is None:
                shown = name if _NAME.fullmatch(name) else "of this name"
                return f"no field {shown} is declared"
            problem = inner(one)
            if problem:
                return f"{name}: expected {problem}"
        return ""

    return fits
