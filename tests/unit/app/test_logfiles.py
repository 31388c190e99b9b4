"""Log files are rotated in place: the process that writes keeps its file open."""

from rexian.app.supervisor import logfiles
from rexian.app.supervisor.logfiles import LogFile


def test_a_large_file_is_copied_away_and_emptied_under_an_open_writer(tmp_path):
    log = LogFile(tmp_path, "desk")
    with log.opened() as writer:
        writer.write(b"x" * (logfiles.LARGEST_BYTES + 1))
        writer.flush()
        log.rotate()
        writer.write(b"after\n")
        writer.flush()
    assert log.path.read_bytes() == b"after\n"
    assert (tmp_path / "desk.log.1").stat().st_size == logfiles.LARGEST_BYTES + 1


def test_no_more_than_three_old_files_are_kept(tmp_path):
    log = LogFile(tmp_path, "desk")
    for number in range(6):
        log.path.write_bytes(bytes([65 + number]) * (logfiles.LARGEST_BYTES + 1))
        log.rotate()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "desk.log", "desk.log.1", "desk.log.2", "desk.log.3",
    ]  # fmt: skip
    assert (tmp_path / "desk.log.1").read_bytes()[:1] == b"F"


def test_the_last_line_is_the_process_own_and_not_the_supervisor_note(tmp_path):
    log = LogFile(tmp_path, "agi")
    with log.opened() as writer:
        writer.write(b"first\nOSError: the reason\n")
    log.note("supervisor: agi ended with code 1")
    assert log.last_line() == "OSError: the reason"
