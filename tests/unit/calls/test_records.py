"""queue_log and call detail records, as Asterisk writes them, whole and torn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from calls import cdr, music
from calls.mirror import Abandoned, Answered, Queued, Talked
from calls.queue_log import QueueLog, row
from calls.resync import born, of_row

LINES = """\
1795296627|NONE|NONE|NONE|QUEUESTART|
1795296630|hotline-1-1795296627.0|12345|NONE|ENTERQUEUE||13985012345|1
1795296633|hotline-1-1795296627.0|12345|1012|CONNECT|3|hotline-1-1795296631.2|2
1795296650|hotline-1-1795296627.0|12345|1012|COMPLETECALLER|3|17|1
1795296660|hotline-1-1795296655.5|96796|NONE|ENTERQUEUE||13985012346|2
1795296664|hotline-1-1795296655.5|96796|NONE|ABANDON|2|2|4
"""
CALL = "hotline-1-1795296627.0"


def second(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def test_the_log_is_followed_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    log = QueueLog(path)
    assert log.of_call(CALL) == ()
    lines = LINES.splitlines(keepends=True)
    path.write_text("".join(lines[:2]) + lines[2][:20])
    assert [one.verb for one in log.of_call(CALL)] == ["ENTERQUEUE"]
    path.write_text("".join(lines))
    assert [one.verb for one in log.of_call(CALL)] == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]


def test_a_rotated_log_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(LINES)
    log = QueueLog(path)
    assert len(log.of_call(CALL)) == 3
    path.rename(tmp_path / "queue_log.1")
    path.write_text("1795296670|hotline-1-1795296666.7|12345|NONE|ENTERQUEUE||1|1\n")
    assert [one.verb for one in log.of_call("hotline-1-1795296666.7")] == ["ENTERQUEUE"]


def test_the_second_of_a_fact(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(LINES)
    log = QueueLog(path)
    near = second(1795296633) - timedelta(milliseconds=4)
    assert log.time_of(CALL, frozenset({"CONNECT"}), near) == second(1795296633)
    assert log.time_of(CALL, frozenset({"CONNECT"}), near + timedelta(minutes=5)) is None
    assert log.time_of(CALL, frozenset({"ABANDON"}), near) is None


def test_lines_become_changes() -> None:
    found = [of_row(one) for line in LINES.splitlines() if (one := row(line))]
    other = "hotline-1-1795296655.5"
    assert found == [
        None,
        Queued(CALL, "12345", 1, second(1795296630)),
        Answered(CALL, "1012", second(1795296633)),
        Talked(CALL, "1012", "caller", second(1795296650)),
        Queued(other, "96796", 2, second(1795296660)),
        Abandoned(other, second(1795296664)),
    ]


def test_torn_lines_are_no_rows() -> None:
    assert row("17952966") is None
    assert row("x|y|z|a|b") is None


def test_a_channel_tells_when_it_was_made() -> None:
    assert born(CALL) == second(1795296627)


CDR = (
    '"","13985012345","12345","wait","""x"" <1>","PJSIP/trunk-0","","Queue","12345,,,,1800",'
    '"2026-11-21 21:30:27","2026-11-21 21:30:27","2026-11-21 21:30:{end}",2,2,"ANSWERED",'
    '"DOCUMENTATION","{call}","{line}","",""\n'
)


def test_records_of_one_call_are_joined_and_others_left_out(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(
        CDR.format(call=CALL, line="12345", end=29)
        + CDR.format(call=CALL, line="12345", end=41)
        + CDR.format(call="other", line="", end=30)
        + '"broken'
    )
    found = cdr.read(path)
    assert list(found) == [CALL]
    assert found[CALL].ended_at == datetime(2026, 11, 21, 21, 30, 41, tzinfo=UTC)
    assert found[CALL].caller == "13985012345"
    assert cdr.read(tmp_path / "nothing.csv") == {}


def test_the_music_is_quiet_and_does_not_clip() -> None:
    samples = music.melody()
    assert 30 < len(samples) / music.RATE_HZ < 60
    peak = int(np.max(np.abs(samples)))
    assert 0.9 * music.PEAK * 32767 < peak <= music.PEAK * 32767 + 1
