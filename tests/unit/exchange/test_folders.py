import os

import pytest

from exchange.folders import Folders, TooLarge, content, original_name


@pytest.fixture
def folders(tmp_path):
    made = Folders(tmp_path / "exchange", seconds=lambda: 1_000.0)
    made.create()
    return made


def drop(folders, name, text="x", at=900.0):
    path = folders.inbox / name
    path.write_text(text)
    os.utime(path, (at, at))
    return path


def test_only_settled_regular_files_wait_oldest_first(folders, tmp_path):
    drop(folders, "b.json", at=800)
    drop(folders, "a.json", at=900)
    drop(folders, "young.json", at=999.5)
    drop(folders, ".hidden.json")
    drop(folders, "half.json.part")
    (folders.inbox / "folder.json").mkdir()
    (folders.inbox / "link.json").symlink_to(tmp_path / "elsewhere")
    assert [path.name for path in folders.waiting()] == ["b.json", "a.json"]


def test_a_file_is_taken_in_one_step_and_keeps_its_name(folders):
    path = drop(folders, "结果.json")
    taken = folders.take(path)
    assert folders.take(path) is None
    assert folders.waiting() == []
    assert folders.under_way() == [taken]
    assert original_name(taken) == "结果.json"
    assert folders.settle(taken, good=True) == folders.done / "结果.json"
    assert folders.under_way() == []


def test_a_refused_file_lies_beside_its_reason_and_never_over_another(folders):
    first = folders.take(drop(folders, "a.json", "1"))
    second = folders.take(drop(folders, "a.json", "2"))
    one = folders.settle(first, good=False, reason="no\n")
    two = folders.settle(second, good=False, reason="no\n")
    assert one != two
    assert one.read_text() == "1"
    assert two.read_text() == "2"
    assert one.with_name(one.name + ".reason.txt").read_text() == "no\n"
    assert two.with_name(two.name + ".reason.txt").exists()


def test_reading_follows_no_link_and_stops_at_the_limit(folders, tmp_path):
    path = drop(folders, "a.json", "12345")
    assert content(path, 5) == b"12345"
    with pytest.raises(TooLarge):
        content(path, 4)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(OSError, match="symbolic link"):
        content(link, 5)


def test_names_of_any_bytes_and_length_can_be_taken(folders):
    for name in ("长" * 80 + ".json", "x" * 255, os.fsdecode(b"\xff\xfe.csv")):
        taken = folders.take(drop(folders, name))
        settled = folders.settle(taken, good=False, reason="no\n")
        settled.name.encode()
        assert settled.exists()
