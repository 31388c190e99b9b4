import uuid
from datetime import UTC, datetime, timedelta

import pytest

from rexian.kernel.ids import made_at, new_id, new_uuid


def test_ids_are_version_7_and_sort_by_time_even_within_a_millisecond():
    made = [new_id() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(uuid.UUID(one).version == 7 for one in made)
    assert new_uuid().variant == uuid.RFC_4122


def test_an_id_tells_when_it_was_made():
    assert abs(made_at(new_id()) - datetime.now(UTC)) < timedelta(seconds=2)
    with pytest.raises(ValueError, match="version 7"):
        made_at(str(uuid.uuid4()))
