"""Tables of the room `exchange`: the case feed, its tokens, and the files of the in-box."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = """
CREATE SEQUENCE exchange_feed_id_seq;
CREATE TABLE exchange_cases (
    case_id text PRIMARY KEY,
    epoch integer NOT NULL REFERENCES event_epochs,
    xid xid8 NOT NULL,
    id bigint NOT NULL DEFAULT nextval('exchange_feed_id_seq'),
    event_id bigint NOT NULL,
    document jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX exchange_cases_order ON exchange_cases (epoch, xid, id);
COMMENT ON TABLE exchange_cases IS
    'the de-identified feed: one row a case, moved to the end of the feed when the case changes';

CREATE TABLE exchange_tokens (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    token_hash text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
COMMENT ON COLUMN exchange_tokens.token_hash IS 'SHA-256 of a token of 256 random bits';

CREATE TABLE exchange_files (
    id uuid PRIMARY KEY,
    sha256 text NOT NULL UNIQUE,
    name text NOT NULL,
    bytes bigint NOT NULL,
    taken_as text NOT NULL,
    state text NOT NULL CHECK (state IN ('processing', 'taken', 'partly', 'rejected')),
    problem text NOT NULL DEFAULT '',
    taken integer NOT NULL DEFAULT 0,
    known integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0,
    copies integer NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX exchange_files_recent ON exchange_files (received_at DESC);

CREATE TABLE exchange_records (
    file_id uuid NOT NULL REFERENCES exchange_files,
    number integer NOT NULL,
    line integer NOT NULL,
    state text NOT NULL CHECK (state IN ('taken', 'known', 'refused')),
    field text NOT NULL DEFAULT '',
    problem text NOT NULL DEFAULT '',
    approval_id text,
    PRIMARY KEY (file_id, number)
);

GRANT SELECT ON exchange_cases TO rexian_reader;
"""


def upgrade() -> None:
    """Create the feed, the tokens, and the register of files and their records."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
