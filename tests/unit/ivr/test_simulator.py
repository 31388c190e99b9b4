"""The terminal simulator tells what a caller would hear."""

import argparse

from ivr.drawing import table
from ivr.loader import load_menus
from ivr.simulator import play
from ivr.texts import texts
from ivr.types import LookupDone
from rexian.app.commands import ivr as command

MENUS = load_menus()


def simulate(*typed: str, line: str = "12345") -> list[tuple[str, str]]:
    def answer(_kind, _arguments):
        return LookupDone({"state": "signed"})

    return [(one.kind, one.text) for one in play(MENUS, line, typed, texts=texts(), answer=answer)]


def test_a_caller_who_looks_up_a_case():
    lines = simulate("5", "1", "2026112100001#", "123456", "9")
    heard = [text for kind, text in lines if kind == "heard"]
    assert heard[0].startswith("您好，贵阳一二三四五热线，通话将录音")
    assert "您的工单二零二六一一二一零零零零一已签收，承办单位正在办理。" in heard
    assert lines[-1] == ("decided", "挂机（done）")


def test_silence_and_the_end_of_input():
    assert simulate("")[-1] == ("decided", "转人工，队列 12345（greeting）")
    assert simulate()[-1] == ("decided", "挂机（caller）")
    assert simulate("5", "6")[-1] == ("decided", "接通 110")


def run(capsys, *words: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    arguments = parser.parse_args(["ivr", *words])
    code = arguments.run(arguments)
    return code, capsys.readouterr().out


def test_the_command_line_plays_lints_and_shows(capsys):
    code, out = run(capsys, "play", "12345", "--keys", "5,1,2026112100001,123456,h")
    assert code == 0
    assert "已签收" in out
    assert run(capsys, "play", "99999", "--keys", "")[0] == 2
    code, out = run(capsys, "lint")
    assert code == 0
    assert "0 个错误" in out
    code, out = run(capsys, "show", "96796")
    assert code == 0
    assert out.strip() == table(MENUS.menus["96796"], texts()).strip()
