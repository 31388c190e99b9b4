"""The key that signs the event log's roots is made once, whole, and for its owner alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rexian.kernel.audit import load_key


def test_two_that_ask_at_once_get_the_same_key(tmp_path: Path) -> None:
    file = tmp_path / "audit.pem"
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: load_key(file), range(8)))
    assert len({key.public_key().public_bytes_raw() for key in keys}) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["audit.pem"]
