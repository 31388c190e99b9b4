"""`REXIAN_DATABASE_URL` always wins, and a database that is not ours is refused untouched."""

import os
import subprocess
import sys

import psycopg
import pytest

from rexian.app.supervisor import specs
from rexian.kernel.settings import load_settings


@pytest.fixture
def foreign_url(cluster):
    cluster.create_database("somebody_elses")
    url = cluster.url("rexian_owner", "somebody_elses")
    with psycopg.connect(url) as tx:
        tx.execute("CREATE TABLE invoices (id int)")
        tx.execute("INSERT INTO invoices VALUES (7)")
    yield url
    cluster.drop_database("somebody_elses")


def test_a_database_that_is_not_ours_is_refused_and_left_alone(foreign_url, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "rexian.app.cli", "migrate"],
        env={**os.environ, "REXIAN_DATABASE_URL": foreign_url, "REXIAN_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False, cwd=load_settings({}).root,
    )  # fmt: skip
    assert done.returncode == 1
    assert "invoices" in done.stderr
    assert "Traceback" not in done.stderr
    with psycopg.connect(foreign_url) as tx:
        tables = tx.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        rows = tx.execute("SELECT id FROM invoices").fetchall()
    assert (tables, rows) == ([("invoices",)], [(7,)])


def test_with_a_database_of_the_city_none_of_ours_is_started(tmp_path):
    program = tmp_path / "asterisk" / "root" / "usr" / "sbin" / "asterisk"
    program.parent.mkdir(parents=True)
    program.touch()
    live = {"home": str(tmp_path), "development": False}
    chosen = {**live, "database_url": "postgresql://owner@db.example/hotline"}
    with_own = specs.stages(load_settings({}, overrides=live))
    without = specs.stages(load_settings({}, overrides=chosen))
    assert [spec.name for spec in with_own[0].specs] == ["postgres"]
    assert without[0].specs == ()
    assert without[0].tasks == with_own[0].tasks
