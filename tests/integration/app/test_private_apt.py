"""Debian packages without root: fetched by real apt from a repository on disk, and unpacked."""

import hashlib
import io
import subprocess

import pytest

from rexian.app.bootstrap.apt import PrivateApt, Source, unpack
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.screen import Screen

CONTROL = """\
Package: {name}
Version: 1.0
Architecture: all
Maintainer: Nobody <nobody@example.com>
Description: for a test
{more}"""


def _package(repository, name, files, more=""):
    tree = repository / "trees" / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(CONTROL.format(name=name, more=more))
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    deb = repository / f"{name}_1.0_all.deb"
    subprocess.run(["dpkg-deb", "-b", tree, deb], check=True, capture_output=True)
    raw = deb.read_bytes()
    return CONTROL.format(name=name, more=more) + (
        f"Filename: ./{deb.name}\nSize: {len(raw)}\nSHA256: {hashlib.sha256(raw).hexdigest()}\n"
    )


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    entries = [
        _package(folder, "hello-phone", {"usr/share/hello/a": "a"}, "Depends: hello-base\n"),
        _package(folder, "hello-base", {"lib/hello/b": "b"}),
        _package(folder, "unrelated", {"usr/share/unrelated/c": "c"}),
    ]
    (folder / "Packages").write_text("\n".join(entries))
    return Source(f"file:{folder}", "./", (), "[trusted=yes]")


@pytest.fixture
def view():
    return Screen(io.StringIO()).begin("test")


def test_a_package_comes_with_what_it_needs_and_nothing_else(tmp_path, repository, view):
    private = PrivateApt(tmp_path / "apt", [repository], tmp_path / "log")
    files = private.packages(view, ["hello-phone"])
    root = tmp_path / "root"
    unpack(view, files, root)
    assert (root / "usr/share/hello/a").read_text() == "a"
    assert (root / "usr/lib/hello/b").read_text() == "b"  # /lib is a link into usr/
    assert (root / "lib").is_symlink()
    assert not (root / "usr/share/unrelated").exists()


def test_a_package_alone_comes_without_what_it_needs(tmp_path, repository, view):
    private = PrivateApt(tmp_path / "apt", [repository], tmp_path / "log")
    files = private.packages(view, ["hello-phone"], alone=True)
    assert [file.name for file in files] == ["hello-phone_1.0_all.deb"]


def test_an_unreachable_mirror_stops_with_the_sentence_that_helps(tmp_path, view):
    nowhere = Source("http://127.0.0.1:9/debian", "stable", ("main",), "[trusted=yes]")
    private = PrivateApt(tmp_path / "apt", [nowhere], tmp_path / "log")
    with pytest.raises(SetupError) as stopped:
        private.packages(view, ["hello-phone"])
    assert "network or the mirror cannot be reached" in stopped.value.english
    assert "网络" in stopped.value.chinese


def test_an_unsigned_mirror_is_not_trusted(tmp_path, repository, view):
    unsigned = Source(repository.uri, repository.suite, ())
    private = PrivateApt(tmp_path / "apt", [unsigned], tmp_path / "log")
    with pytest.raises(SetupError):
        private.packages(view, ["hello-phone"])
