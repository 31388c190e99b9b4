"""The mirror is read from the machine's own apt configuration, in both its forms."""

import pytest

from rexian.app.bootstrap import apt, machine
from rexian.app.bootstrap.errors import SetupError

DEB822 = """\
Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://lines.example/debian bookworm main non-free # why
deb-src http://lines.example/debian bookworm main
deb http://third.example/party stable main
"""


@pytest.fixture
def bookworm(monkeypatch):
    release = {"ID": "debian", "VERSION_CODENAME": "bookworm", "PRETTY_NAME": "Debian 12"}
    monkeypatch.setattr(machine, "os_release", lambda: release)


def _configuration(folder, *, deb822="", one_line=""):
    parts = folder / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(deb822)
    (folder / "sources.list").write_text(one_line)
    return folder


def test_deb822_entries_are_spread_and_disabled_ones_left_out(tmp_path, bookworm):
    sources = apt.machine_sources(_configuration(tmp_path, deb822=DEB822))
    assert [(s.uri, s.suite) for s in sources] == [
        ("http://mirror.example/debian", "bookworm"),
        ("http://mirror.example/debian", "bookworm-updates"),
        ("http://mirror.example/debian-security", "bookworm-security"),
    ]
    assert sources[0].options == "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"


def test_one_line_entries_keep_their_options(tmp_path, bookworm):
    sources = apt.machine_sources(_configuration(tmp_path, one_line=ONE_LINE))
    assert sources[0].line() == (
        "deb [arch=amd64 signed-by=/k.gpg] http://lines.example/debian bookworm main non-free"
    )
    assert len(sources) == 2


def test_third_parties_are_not_the_distribution(tmp_path, bookworm):
    folder = _configuration(tmp_path, one_line=ONE_LINE, deb822=DEB822)
    uris = {source.uri for source in apt.distribution_sources(folder)}
    assert "http://third.example/party" not in uris
    assert "http://mirror.example/debian-security" in uris


def test_testing_comes_from_the_machine_own_mirror(tmp_path, bookworm):
    source = apt.debian_testing(_configuration(tmp_path, deb822=DEB822))
    assert (source.uri, source.suite) == ("http://mirror.example/debian", "testing")


def test_without_a_debian_mirror_the_sentence_names_what_helps(tmp_path, bookworm):
    with pytest.raises(SetupError, match="apt-get install asterisk") as stopped:
        apt.debian_testing(_configuration(tmp_path))
    assert "软件源" in stopped.value.chinese
