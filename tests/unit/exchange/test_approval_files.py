import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.model import Result
from exchange.approval_files import FIELDS, HEADINGS, NEEDED, RESULTS, SCHEMA, read
from exchange.feed_format import SCHEMA_FILE
from exchange.reasons import reason_text

GOOD = {
    "system": "一窗通",
    "reference": "SP-2026-000001",
    "matter": "食品经营许可",
    "result": "准予许可",
    "decided_at": "2026-11-20 15:30:00",
    "department": "贵阳市市场监督管理局",
    "applicant": "王示例",
    "phone": "13985550123",
}


def as_json(*records, **head):
    return json.dumps({"schema": SCHEMA, **head, "records": records}, indent=1).encode()


def test_a_good_json_file_is_read():
    found = read("a.json", as_json(GOOD))
    assert found.refusal is None
    assert found.problems == ()
    (record,) = found.records
    assert record.approval.reference == "SP-2026-000001"
    assert record.approval.result is Result.GRANTED
    assert record.approval.decided_at == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
    assert record.approval.fax == ""


def test_a_bare_array_and_a_system_in_the_head_are_taken_too():
    assert len(read("a.json", json.dumps([GOOD]).encode()).records) == 1
    without = {key: value for key, value in GOOD.items() if key != "system"}
    (record,) = read("a.json", as_json(without, system="一窗通")).records
    assert record.approval.system == "一窗通"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_with_chinese_headings_is_read(encoding):
    chinese = {"system": "来源系统", **{field: zh for zh, field in HEADINGS.items()}}
    header = ",".join(chinese[field] for field in GOOD)
    row = ",".join(GOOD.values())
    found = read("表.csv", f"{header}\r\n{row}\r\n\r\n".encode(encoding))
    assert found.refusal is None
    assert found.records[0].line == 2
    assert found.records[0].approval.applicant == "王示例"


def test_bad_records_are_named_by_line_and_field_and_the_good_go_in():
    bad_result = {**GOOD, "reference": "2", "result": "也许"}
    no_name = {**GOOD, "reference": "3", "applicant": " "}
    unknown = {**GOOD, "reference": "4", "colour": "red"}
    number = {**GOOD, "reference": "5", "phone": 13985550123}
    bad_time = {**GOOD, "reference": "6", "decided_at": "昨天"}
    early = {**GOOD, "decided_at": "0001-01-01T00:00:00+08:00"}
    broken = {**GOOD, "applicant": "\ud800"}
    nul = {**GOOD, "note": "a\x00b"}
    content = as_json(
        GOOD, bad_result, no_name, unknown, number, bad_time, "x", early, broken, nul, GOOD
    )
    found = read("a.json", content)
    assert [record.number for record in found.records] == [1, 11]
    assert [(p.number, p.field) for p in found.problems] == [
        (2, "result"),
        (3, "applicant"),
        (4, "colour"),
        (5, "phone"),
        (6, "decided_at"),
        (7, ""),
        (8, "decided_at"),
        (9, "applicant"),
        (10, "note"),
    ]
    lines = content.decode().splitlines()
    assert "{" in lines[found.problems[0].line - 1]
    assert found.problems[0].line < found.problems[1].line
    text = reason_text("a.json", found.problems, partly=True)
    assert "第 2 条" in text
    assert "field applicant" in text
    assert "王示例" not in text
    assert "13985550123" not in text


def test_csv_rows_with_quoted_line_breaks_keep_their_line():
    header = ",".join((*GOOD, "note"))
    first = ",".join(GOOD.values()) + ',"two\nlines"'
    second = ",".join({**GOOD, "reference": "2", "result": "?"}.values()) + ",x"
    short = "一窗通,3"
    found = read("a.csv", f"{header}\n{first}\n{second}\n{short}\n".encode())
    assert found.records[0].line == 2
    assert [(p.line, p.field) for p in found.problems] == [(4, "result"), (5, "")]


@pytest.mark.parametrize(
    ("name", "content", "line", "field"),
    [
        ("a.json", b'{"records": [{"reference": "1",\n "x": }]}', 2, ""),
        ("a.json", b"", 1, ""),
        ("a.json", b"[]", 0, ""),
        ("a.json", b'{"records": {}}', 0, ""),
        ("a.json", b'{"records": [], "records": [1, 2]}', 1, ""),
        ("a.json", b'{"schema": "other", "records": []}', 0, "schema"),
        ("a.json", b'{"recods": []}', 0, "recods"),
        ("a.json", b"[" * 100_000, 0, ""),
        ("a.json", b"[" + b"1" * 5_000 + b"]", 0, ""),
        ("a.json", b"\xff\xfe[\x00]\x00", 0, ""),
        ("a.json", b"\xff\xff\xff", 0, ""),
        ("a.json", b"[\x00]", 0, ""),
        ("a.csv", b"system,reference\n1,2\n", 1, "matter"),
        ("a.csv", (",".join((*NEEDED, "colour")) + "\n").encode(), 1, "colour"),
        ("a.csv", (",".join((*NEEDED, "matter")) + "\n").encode(), 1, ""),
        ("a.csv", (",".join(NEEDED) + '\n"open').encode(), 2, ""),
        ("a.csv", (",".join(NEEDED) + "\n").encode(), 0, ""),
        ("a.xlsx", b"PK", 0, ""),
        ("noending", b"x", 0, ""),
        ("a.json", b" " * 10_000_001, 0, ""),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(name, content, line, field):
    found = read(name, content)
    assert found.refusal is not None
    assert (found.refusal.line, found.refusal.field) == (line, field)
    assert found.records == ()
    text = reason_text(name, [found.refusal], partly=False)
    assert "没有收下" in text
    assert "was not taken" in text


@given(st.binary(max_size=300), st.sampled_from(["a.json", "a.csv"]))
def test_any_bytes_are_read_or_refused(content, name):
    found = read(name, content)
    assert found.refusal is not None or found.records or found.problems


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*FIELDS, "x"]),
            st.none() | st.text(max_size=8) | st.integers() | st.lists(st.integers()),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_record_is_either_good_or_reported(rows):
    found = read("a.json", json.dumps(rows).encode())
    numbers = [one.number for one in found.records] + [one.number for one in found.problems]
    assert sorted(numbers) == list(range(1, len(rows) + 1))


def test_the_published_schema_names_the_same_fields_and_results():
    schema = json.loads((SCHEMA_FILE.parent / "approvals-1.json").read_text(encoding="utf-8"))
    record = schema["$defs"]["record"]
    assert schema["$id"] == SCHEMA
    assert set(record["properties"]) == set(FIELDS)
    assert set(record["required"]) == set(NEEDED) - {"system"}
    assert set(record["properties"]["result"]["enum"]) == set(RESULTS)
