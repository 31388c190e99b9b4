"""`python -m bench` knows its benches."""

import importlib.util

from bench.__main__ import BENCHES, main


def test_every_bench_there_is_can_be_found():
    assert all(importlib.util.find_spec(one.module) for one in BENCHES.values())


def test_the_list_names_them_and_an_unknown_one_is_refused(capsys):
    assert main(["--list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in BENCHES)
    assert main(["nonsense"]) == 2
    assert "no bench 'nonsense'" in capsys.readouterr().err
