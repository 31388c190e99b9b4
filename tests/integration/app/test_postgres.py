"""Our own PostgreSQL: made, killed, recovered; roles that cannot look past row security."""

import os
import signal

import psycopg
import pytest

from rexian.app.services import procfs
from rexian.app.services.postgres import PostgresCluster, PostgresError, free_port
from rexian.app.services.secrets import SecretStore


@pytest.fixture
def own_cluster():
    with PostgresCluster.temporary() as made:
        yield made


def test_the_newest_server_of_the_wheel_speaks_utf8_and_utc(cluster):
    with psycopg.connect(cluster.url("rexian_owner")) as tx:
        version = tx.execute("SHOW server_version_num").fetchone()
        encoding = tx.execute("SHOW server_encoding").fetchone()
        zone = tx.execute("SHOW timezone").fetchone()
    assert version is not None
    assert int(version[0]) >= 150000
    assert (encoding, zone) == (("UTF8",), ("UTC",))


def test_no_role_of_ours_stands_above_row_security(cluster):
    with psycopg.connect(cluster.url("rexian_owner")) as tx:
        rows = tx.execute(
            "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole, rolcanlogin FROM pg_roles "
            "WHERE rolname LIKE 'rexian%' ORDER BY rolname"
        ).fetchall()
    assert rows == [
        ("rexian_app", False, True),
        ("rexian_department", False, False),
        ("rexian_owner", False, True),
        ("rexian_reader", False, True),
    ]


def test_the_app_steps_into_the_department_role_and_inherits_nothing_of_it(cluster):
    with psycopg.connect(cluster.url("rexian_app")) as tx:
        inherits = tx.execute(
            "SELECT pg_has_role('rexian_app', 'rexian_department', 'USAGE'), "
            "pg_has_role('rexian_app', 'rexian_department', 'SET')"
        ).fetchone()
        tx.execute("SET LOCAL ROLE rexian_department")
        assert tx.execute("SELECT current_user").fetchone() == ("rexian_department",)
    assert inherits == (False, True)


def test_a_wrong_password_is_refused(cluster):
    url = cluster.url("rexian_app").replace("rexian_app:", "rexian_app:x")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url, connect_timeout=5)


def test_the_socket_folder_is_closed_to_others(cluster):
    assert cluster.sockets.stat().st_mode & 0o077 == 0


def test_committed_rows_survive_kill_9_and_orphaned_backends_do_not(own_cluster):
    owner = own_cluster.url("rexian_owner")
    with psycopg.connect(owner, autocommit=True) as tx:
        tx.execute("CREATE TABLE kept (line int)")
        tx.execute("INSERT INTO kept VALUES (1)")
    server = own_cluster.pid
    os.kill(server, signal.SIGSTOP)
    backends = procfs.descendants(server)
    assert backends
    own_cluster.kill()
    own_cluster.prepare()
    own_cluster.start()
    assert not [pid for pid in backends if procfs.start_ticks(pid) is not None]
    with psycopg.connect(owner) as tx:
        assert tx.execute("SELECT line FROM kept").fetchall() == [(1,)]


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(own_cluster):
    own_cluster.kill()
    pid_file = own_cluster.directory / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    own_cluster.prepare()
    own_cluster.start()
    assert own_cluster.is_ready()


def test_a_second_server_on_the_same_folder_is_refused_and_the_first_undisturbed(own_cluster):
    second = PostgresCluster(own_cluster.directory, free_port(), own_cluster.secrets)
    with pytest.raises(PostgresError, match="in use by process"):
        second.prepare()
    assert own_cluster.is_ready()


def test_a_data_folder_made_elsewhere_says_so_when_its_secrets_are_gone(own_cluster, tmp_path):
    stranger = PostgresCluster(
        own_cluster.directory, own_cluster.port, SecretStore(tmp_path / "other.toml")
    )
    with pytest.raises(PostgresError, match=r"other\.toml"):
        stranger.ensure_roles()
