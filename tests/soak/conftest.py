"""One system for the whole soak, brought up by the supervisor as `make run` does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.system import System


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Everything up and healthy; afterwards stopped, and nothing of it may be left running."""
    one = System()
    try:
        one.start()
        yield one
        assert one.stop() == 0, one.said()
        assert one.servers() == []
    finally:
        one.close()
