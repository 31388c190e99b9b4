"""The database as programs see it."""

from __future__ import annotations

import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from rexian.kernel.db import Database
from rexian.kernel.logs import scrub_text


async def test_an_error_that_is_logged_repeats_nothing_that_was_written(bare_db: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with bare_db.begin() as tx:
            await tx.execute(
                text(
                    "INSERT INTO citizens (id, name, created_at, updated_at)"
                    " VALUES (:id, :name, NULL, now())"
                ),
                {"id": "c-1", "name": "王示例"},
            )
    logged = scrub_text("".join(traceback.format_exception(caught.value)))
    assert "created_at" in logged
    assert "王示例" not in logged
