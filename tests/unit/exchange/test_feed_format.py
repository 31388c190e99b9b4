import json
from datetime import UTC, datetime

import msgspec

from cases.facts import CaseFacts, Named
from exchange.feed_format import SCHEMA_FILE, CaseItem, document, json_schema


def case(*, confidential=False, state="closed"):
    return CaseFacts(
        id="0193a1b2-7c3d-7000-8000-000000000001",
        number="12345-20261118-00001",
        line="12345",
        state=state,
        kind="complaint",
        tier="utilities",
        channel="voice",
        category=(Named("01", "城乡建设"), Named("0101", "供水"), Named("010101", "水质")),
        district=Named("520102", "南明区"),
        township=Named("520102031", "花果园街道"),
        lead=Named("D-WATER", "贵阳市水务管理局"),
        confidential=confidential,
        citizen_id="c-1",
        title="我叫王示例",
        request="我叫王示例，电话13985550123，示例路9号水质发黄",
        address="示例路9号",
        answer="已联系王示例处理",
        citizen_words=("王示例", "13985550123", "示例路9号"),
        accepted_at=datetime(2026, 11, 18, 2, 0, 5, 999, tzinfo=UTC),
        dispatched_at=None,
        due_at=None,
        replied_at=None,
        closed_at=None,
        outcome=None,
        on_time=True,
    )


def test_no_identity_in_an_item():
    words = json.dumps(document(case()), ensure_ascii=False)
    for secret in ("王示例", "13985550123", "示例路9号"):
        assert secret not in words
    assert "水质发黄" in words
    assert "花果园街道" in words


def test_an_answer_goes_out_once_the_centre_has_approved_it():
    assert document(case(state="replied"))["reply"] is None
    assert document(case(state="approved"))["reply"].startswith("已联系")


def test_a_confidential_case_has_no_text_at_all():
    item = document(case(confidential=True))
    assert item["withheld"] is True
    assert item["text"] is None
    assert item["reply"] is None
    assert item["category"][2]["name"] == "水质"


def test_items_keep_to_the_published_schema():
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json.loads(
        json.dumps(json_schema())
    )
    item = document(case())
    assert msgspec.convert(item, CaseItem).number == "12345-20261118-00001"
    assert set(item) == set(json_schema()["$defs"]["CaseItem"]["properties"])
    assert item["accepted_at"] == "2026-11-18T02:00:05Z"
