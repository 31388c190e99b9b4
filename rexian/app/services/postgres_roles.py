"""The roles of our own PostgreSQL cluster and its databases.

Four roles, none of them above row security (NOSUPERUSER, NOBYPASSRLS):

- `rexian_owner` owns the tables and runs migrations;
- `rexian_app` is what the processes log in as;
- `rexian_reader` reads (reports, exchange, analysis);
- `rexian_department` cannot log in and owns nothing: `rexian_app` steps into it with
  `SET LOCAL ROLE` for a department's transaction, and has none of its rights otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from rexian.app.services.secrets import SecretStore

LOGIN_ROLES = ("rexian_owner", "rexian_app", "rexian_reader")
DEPARTMENT_ROLE = "rexian_department"
_LIMITS = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def ensure(admin_url: str, database: str, secrets: SecretStore) -> None:
    """Make the roles and the database where missing, and set the passwords of `secrets`."""
    with _admin(admin_url) as connection:
        for role in LOGIN_ROLES:
            _ensure_login(connection, role, secrets.get("postgres", role))
        if not _exists(connection, "pg_roles", "rolname", DEPARTMENT_ROLE):
            _run(connection, f"CREATE ROLE {{}} NOLOGIN NOINHERIT {_LIMITS}", DEPARTMENT_ROLE)
        connection.execute(
            "GRANT rexian_department TO rexian_app WITH ADMIN FALSE, INHERIT FALSE, SET TRUE"
        )
        connection.execute("ALTER ROLE rexian_app SET idle_in_transaction_session_timeout = '30s'")
        if not _exists(connection, "pg_database", "datname", database):
            _create_database(connection, database, "template0")


def create_database(admin_url: str, name: str, *, template: str) -> None:
    """A database owned by rexian_owner that only our roles may connect to."""
    with _admin(admin_url) as connection:
        _create_database(connection, name, template)


def drop_database(admin_url: str, name: str) -> None:
    """Remove a database, ending the connections to it; a missing one is no error."""
    with _admin(admin_url) as connection:
        _run(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def _admin(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        connection.execute("SET log_min_messages = 'panic'")
        yield connection


def _ensure_login(connection: psycopg.Connection, role: str, password: str) -> None:
    verb = "ALTER" if _exists(connection, "pg_roles", "rolname", role) else "CREATE"
    connection.execute(
        sql.SQL(f"{verb} ROLE {{}} LOGIN INHERIT {_LIMITS} PASSWORD {{}}").format(
            sql.Identifier(role), sql.Literal(password)
        )
    )


def _create_database(connection: psycopg.Connection, name: str, template: str) -> None:
    _run(connection, f"CREATE DATABASE {{}} OWNER rexian_owner TEMPLATE {template}", name)
    _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
    _run(connection, "GRANT CONNECT ON DATABASE {} TO rexian_app, rexian_reader", name)


def _run(connection: psycopg.Connection, statement: str, name: str) -> None:
    connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _exists(connection: psycopg.Connection, catalogue: str, column: str, name: str) -> bool:
    found = connection.execute(
        sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
            sql.Identifier(catalogue), sql.Identifier(column)
        ),
        [name],
    ).fetchone()
    return found is not None
