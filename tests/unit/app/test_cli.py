"""The command line teaches, guesses what was meant, and notices a foreign package `agents`."""

import sys

import pytest

from rexian.app import cli
from rexian.app.commands.settings import masked
from rexian.app.commands.system import table
from rexian.kernel.clock import SystemClock


def test_the_overview_shows_every_command_with_an_example(capsys):
    assert cli.main([]) == 0
    shown = capsys.readouterr().out
    for name, command in cli.COMMANDS.items():
        assert f"  {name}" in shown
        assert command.example in shown


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_help_of_each_command_says_what_it_is_for_and_shows_it_used(name, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([name, "--help"])
    assert left.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert cli.COMMANDS[name].purpose.lower() in shown.lower()
    assert cli.COMMANDS[name].example in shown


def test_a_misspelt_command_is_guessed(capsys):
    assert cli.main(["stauts"]) == 2
    assert "Did you mean: rexian status?" in capsys.readouterr().err


def test_our_own_agents_package_is_accepted():
    assert cli.foreign_agents() is None


def test_a_foreign_agents_package_is_named(tmp_path, monkeypatch):
    foreign = tmp_path / "agents"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "agents", raising=False)
    sentence = cli.foreign_agents()
    assert sentence is not None
    assert str(foreign) in sentence
    assert "openai-agents" in sentence


def test_passwords_in_addresses_and_secrets_are_masked():
    assert masked("database_url", "postgresql://u:secret@h/d") == "postgresql://u:****@h/d"
    assert masked("api_token", "abc") == "****"
    assert masked("city", "guiyang") == "guiyang"


def test_the_status_table_shows_the_last_error_of_a_process():
    now = SystemClock().now()
    status = {
        "health": "degraded",
        "since": now.isoformat(),
        "desk": "http://127.0.0.1:8345/",
        "processes": [
            {
                "name": "worker", "purpose": "notices", "state": "restarting", "pid": None,
                "since": now.isoformat(), "restarts": 3, "last_error": "ended with code 1: oops",
            }
        ],
    }  # fmt: skip
    shown = table(status, now)
    assert "restarts 3" in shown
    assert "开发模式" not in table({**status, "development": False}, now)
    assert "开发模式" in table({**status, "development": True}, now)
    assert "last error: ended with code 1: oops" in shown
