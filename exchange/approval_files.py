"""Reads a file of approval results, JSON or CSV, record by record. Pure: bytes in, values out.

The formats are those of `exchange/schemas/approvals-1.json` and docs/reference/exchange.md.
A record that is wrong is reported with its line and field, and the others go in; a file that
cannot be read as a whole is refused as a whole. No value is ever repeated in a report.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from approvals.model import NewApproval, Result
from rexian.kernel.clock import SHANGHAI, aware

SCHEMA = "urn:rexian:exchange:approvals:1"
LARGEST_BYTES = 10_000_000
MOST_RECORDS = 10_000

NEEDED = ("system", "reference", "matter", "result", "decided_at", "department", "applicant")
OPTIONAL = ("phone", "fax", "email", "note")
FIELDS = (*NEEDED, *OPTIONAL)

HEADINGS: Mapping[str, str] = {
    "来源系统": "system",
    "办件编号": "reference",
    "事项名称": "matter",
    "审批结果": "result",
    "办结时间": "decided_at",
    "审批部门": "department",
    "申请人": "applicant",
    "手机号码": "phone",
    "联系电话": "phone",
    "传真号码": "fax",
    "电子邮箱": "email",
    "备注": "note",
}
RESULTS: Mapping[str, Result] = {
    "准予许可": Result.GRANTED,
    "准予": Result.GRANTED,
    "通过": Result.GRANTED,
    "不予许可": Result.REFUSED,
    "不予": Result.REFUSED,
    "不通过": Result.REFUSED,
    "需补正材料": Result.SUPPLEMENT,
    "补正": Result.SUPPLEMENT,
    **{one.value: one for one in Result},
}
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
_YEARS = range(2000, 2100)
_unprintable = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where. `line` and `number` (of the record) count from 1.

    Number 0: the file as a whole. Line 0: no particular one. `field` may be empty.
    """

    line: int
    field: str
    chinese: str
    english: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One good record, its number in the file and the line it begins at (both from 1)."""

    number: int
    line: int
    approval: NewApproval


@dataclass(frozen=True, slots=True)
class Read:
    """What a file held. `refusal` set: nothing of it can be used."""

    records: tuple[Record, ...] = ()
    problems: tuple[Problem, ...] = ()
    refusal: Problem | None = None


class _Refused(Exception):
    def __init__(self, chinese: str, english: str, *, line: int = 0, field: str = "") -> None:
        self.problem = Problem(line, field, chinese, english)
        super().__init__(english)


def read(name: str, content: bytes) -> Read:
    """Read `content` of the file `name` (its ending tells the format). Never raises."""
    try:
        found = _rows(name, content)
    except _Refused as refused:
        return Read(refusal=refused.problem)
    return _checked(found)


def _rows(name: str, content: bytes) -> list[tuple[int, Any]]:
    if len(content) > LARGEST_BYTES:
        raise _Refused("文件超过 10 MB", "the file is larger than 10 MB")
    ending = name.lower().rpartition(".")[2]
    if ending not in {"json", "csv"}:
        raise _Refused("只收 .json 和 .csv 文件", "only .json and .csv files are taken")
    text = _decoded(content)
    found = list(_json_rows(text) if ending == "json" else _csv_rows(text))
    if not found:
        raise _Refused("文件里没有记录", "the file holds no record")
    if len(found) > MOST_RECORDS:
        raise _Refused(f"超过 {MOST_RECORDS} 条记录", f"more than {MOST_RECORDS} records")
    return found


def _checked(found: list[tuple[int, Any]]) -> Read:
    records: list[Record] = []
    problems: list[Problem] = []
    for number, (line, row) in enumerate(found, start=1):
        try:
            records.append(Record(number, line, _approval(row)))
        except _Refused as refused:
            problems.append(replace(refused.problem, line=line, number=number))
    return Read(tuple(records), tuple(problems))


def _decoded(content: bytes) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise _Refused("请用 UTF-8 编码保存", "save the file as UTF-8, not UTF-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise _Refused("文件含有空字节，不是文本", "the file holds NUL bytes: it is no text")
        return text
    raise _Refused("文件既不是 UTF-8 也不是 GB18030 编码", "neither UTF-8 nor GB18030")


def _json_rows(text: str) -> Iterator[tuple[int, Any]]:
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise _Refused(
            f"JSON 在第 {error.colno} 列断开或写错",
            f"not JSON: {error.msg} at column {error.colno}",
            line=error.lineno,
        ) from error
    except (RecursionError, ValueError) as error:
        raise _Refused(
            "JSON 嵌套过深或数字过长", "nested too deeply, or too long a number"
        ) from error
    common: dict[str, Any] = {}
    if isinstance(whole, dict):
        common = _json_head(whole)
        start = re.search(r'"records"\s*:\s*\[', text)
    else:
        start = re.search(r"\[", text)
    rows = whole.get("records") if isinstance(whole, dict) else whole
    if not isinstance(rows, list) or start is None:
        raise _Refused("应是记录的数组，或含 records 数组的对象", "records must be an array")
    for line, row in _with_lines(text, start.end(), rows):
        yield line, {**common, **row} if isinstance(row, dict) else row


def _json_head(whole: dict[str, Any]) -> dict[str, Any]:
    schema = whole.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise _Refused(f"schema 应为 {SCHEMA}", f"schema must be {SCHEMA}", field="schema")
    unknown = sorted(set(whole) - {"schema", "system", "records"})
    if unknown:
        raise _Refused("文件头有未知的字段", "unknown field in the head", field=unknown[0][:40])
    return {"system": whole["system"]} if "system" in whole else {}


def _with_lines(text: str, position: int, rows: list[Any]) -> Iterator[tuple[int, Any]]:
    decoder, line, counted = json.JSONDecoder(), 1, 0
    for row in rows:
        while text[position] in " \t\r\n,":
            position += 1
        line += text.count("\n", counted, position)
        counted = position
        yield line, row
        try:
            _value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise _Refused("records 出现了两次", "records occurs twice", line=line) from error


def _csv_rows(text: str) -> Iterator[tuple[int, Any]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [HEADINGS.get(cell.strip(), cell.strip()) for cell in next(lines, [])]
        _check_header(header)
        before = lines.line_num
        for row in lines:
            line, before = before + 1, lines.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                yield line, len(row)
            else:
                yield line, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise _Refused("CSV 引号没有配对", f"not CSV: {error}", line=lines.line_num) from error


def _check_header(header: list[str]) -> None:
    missing = [field for field in NEEDED if field not in header]
    unknown = [field for field in header if field not in FIELDS]
    if missing:
        raise _Refused("表头缺少这一列", "the header lacks this column", line=1, field=missing[0])
    if unknown:
        raise _Refused("表头有未知的列", "unknown column", line=1, field=unknown[0][:40])
    if len(set(header)) != len(header):
        raise _Refused("表头有重复的列", "a column occurs twice", line=1)


def _approval(row: Any) -> NewApproval:
    if isinstance(row, int):
        raise _Refused(f"这一行有 {row} 列，与表头不符", f"{row} columns, unlike the header")
    if not isinstance(row, dict):
        raise _Refused("记录应是对象", "a record must be an object")
    for key, value in row.items():
        if key not in FIELDS:
            raise _Refused("未知的字段", "unknown field", field=str(key)[:40])
        if value is not None and not isinstance(value, str):
            raise _Refused("应是文本", "must be text", field=key)
        if value and _unprintable.search(value):
            raise _Refused("含有控制字符或残缺的字符", "control or broken characters", field=key)
    words = {field: (row.get(field) or "").strip() for field in FIELDS}
    for field in NEEDED:
        if not words[field]:
            raise _Refused("必填，不能为空", "needed, and empty", field=field)
    result = RESULTS.get(words["result"])
    if result is None:
        raise _Refused(
            "应为 准予许可、不予许可、需补正材料 之一",
            "must be granted, refused or supplement",
            field="result",
        )
    rest = {field: words[field] for field in FIELDS if field not in {"result", "decided_at"}}
    return NewApproval(result=result, decided_at=_time(words["decided_at"]), **rest)


def _time(text: str) -> datetime:
    """Read ISO 8601 or `2026-11-21 10:00`; a time without zone is Asia/Shanghai's."""
    found: datetime | None = None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = next((t for t in (_strptime(text, form) for form in _TIMES) if t), None)
    if found is None:
        raise _Refused(
            "时间应如 2026-11-21 10:00:00", "a time looks like 2026-11-21T10:00:00+08:00",
            field="decided_at",
        )  # fmt: skip
    at = found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
    if at.year not in _YEARS:
        raise _Refused("时间的年份不对", "a year that cannot be", field="decided_at")
    return aware(at)


def _strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
