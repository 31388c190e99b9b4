"""A confidential citizen's own words are masked wherever they were typed; the place stays."""

from __future__ import annotations

from cases.discretion import at_intake, without

OWN = ("王示例", "+8613987650987", "13987650987", "139 8765 0987")


def test_name_and_number_go_in_every_form_and_the_house_stays():
    text = "王示例（139-8765 0987、+86 13987650987）反映二号楼三单元停水。"
    assert without(text, OWN) == "（保密）（（保密）、（保密））反映二号楼三单元停水。"


def test_longer_numbers_and_other_people_stay():
    assert without("表号 9139876509871，物业李示例", OWN) == "表号 9139876509871，物业李示例"


def test_without_own_words_nothing_changes():
    assert without("自来水浑浊", ()) == "自来水浑浊"


def test_what_was_typed_at_intake_loses_every_number_a_caller_may_be_reached_at():
    text = (
        "我另有号码１３９８７６５０９８８，座机 0851-85550123，wang@example.com，表号 9139876509871"
    )
    assert at_intake(text, ()) == "我另有号码〔电话〕，座机 〔电话〕，〔邮箱〕，表号 9139876509871"
    assert at_intake("王示例住二号楼三单元", OWN) == "（保密）住二号楼三单元"
