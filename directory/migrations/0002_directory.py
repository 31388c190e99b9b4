"""Places, departments, seats, users and their sign-in attempts."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE places (
    code text PRIMARY KEY,
    name text NOT NULL,
    level text NOT NULL CHECK (level IN ('city', 'district', 'township')),
    kind text NOT NULL,
    parent text REFERENCES places,
    position integer NOT NULL
);
COMMENT ON COLUMN places.code IS 'statistical division code: 4, 6 or 9 digits';
CREATE INDEX places_parent ON places (parent, position);

CREATE TABLE departments (
    code text PRIMARY KEY CHECK (code ~ '^D-[A-Z0-9-]+$'),
    name text NOT NULL UNIQUE,
    short_name text NOT NULL,
    kind text NOT NULL,
    responsibilities text NOT NULL,
    place text REFERENCES places,
    active boolean NOT NULL DEFAULT true,
    position integer NOT NULL
);

CREATE TABLE seats (
    number text PRIMARY KEY CHECK (number ~ '^[0-9]{3,5}$'),
    queues text[] NOT NULL,
    active boolean NOT NULL DEFAULT true
);

CREATE TABLE users (
    id text PRIMARY KEY,
    login text NOT NULL UNIQUE CHECK (login = lower(login) AND length(login) <= 64),
    name text NOT NULL,
    role text NOT NULL CHECK (role IN
        ('agent', 'team_leader', 'department', 'centre', 'supervisor', 'admin')),
    department text REFERENCES departments,
    seat text REFERENCES seats,
    password_hash text,
    active boolean NOT NULL DEFAULT true,
    last_sign_in timestamptz,
    CHECK ((role = 'department') = (department IS NOT NULL))
);
COMMENT ON COLUMN users.password_hash IS 'argon2id; NULL: nobody can sign in with this login';

CREATE TABLE sign_in_attempts (
    login text PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    locked_until timestamptz
);
COMMENT ON TABLE sign_in_attempts IS
    'kept for logins that do not exist too, so an answer never tells whether one does';
GRANT DELETE ON sign_in_attempts TO rexian_app;

GRANT SELECT ON places, departments, seats TO rexian_reader, rexian_department;
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
