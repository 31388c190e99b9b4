"""Tables of the kernel: event log, hash chains, reader cursors, leased work."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE rexian_meta (
    key text PRIMARY KEY,
    value text NOT NULL
);
COMMENT ON TABLE rexian_meta IS 'marks the database as the hotline''s own; holds the text salt';

CREATE TABLE event_epochs (
    epoch integer PRIMARY KEY,
    cluster text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE events (
    id bigint PRIMARY KEY,
    epoch integer NOT NULL REFERENCES event_epochs,
    xid xid8 NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    seq integer NOT NULL,
    type text NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    payload jsonb NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    UNIQUE (subject_kind, subject_id, seq)
);
CREATE INDEX events_order ON events (epoch, xid, id);
CREATE SEQUENCE events_id_seq OWNED BY events.id;

CREATE TABLE event_heads (
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    length integer NOT NULL,
    head bytea NOT NULL,
    signed_length integer NOT NULL DEFAULT 0,
    PRIMARY KEY (subject_kind, subject_id)
);
CREATE INDEX event_heads_unsigned ON event_heads (subject_kind, subject_id)
    WHERE length <> signed_length;

CREATE TABLE event_roots (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    prev_root bytea NOT NULL,
    root bytea NOT NULL,
    signature bytea NOT NULL
);
CREATE TABLE event_root_entries (
    root_id bigint NOT NULL REFERENCES event_roots,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    length integer NOT NULL,
    head bytea NOT NULL,
    PRIMARY KEY (root_id, subject_kind, subject_id)
);
CREATE INDEX event_root_entries_subject
    ON event_root_entries (subject_kind, subject_id, root_id DESC);

CREATE TABLE reader_cursors (
    name text PRIMARY KEY,
    epoch integer NOT NULL,
    xid xid8 NOT NULL,
    id bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE reader_parked (
    name text NOT NULL,
    event_id bigint NOT NULL REFERENCES events,
    attempts integer NOT NULL,
    retry_at timestamptz NOT NULL,
    error text NOT NULL,
    PRIMARY KEY (name, event_id)
);

CREATE TABLE work (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'ready'
        CHECK (state IN ('ready', 'leased', 'done', 'failed', 'uncertain')),
    run_at timestamptz NOT NULL,
    lease_until timestamptz,
    owner text,
    fence bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (kind, key)
);
CREATE INDEX work_waiting ON work (kind, run_at) WHERE state IN ('ready', 'leased');

ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO rexian_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO rexian_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO rexian_app, rexian_reader, rexian_department;
GRANT SELECT ON rexian_meta, event_epochs TO rexian_app;
GRANT SELECT ON event_epochs TO rexian_reader;
GRANT SELECT ON events, event_heads, event_roots, event_root_entries, reader_cursors
    TO rexian_reader;
GRANT SELECT, INSERT ON events, event_roots, event_root_entries TO rexian_app;
GRANT USAGE ON SEQUENCE events_id_seq TO rexian_app;
GRANT SELECT, INSERT, UPDATE ON event_heads, reader_cursors, reader_parked, work TO rexian_app;
GRANT DELETE ON reader_parked TO rexian_app;

INSERT INTO rexian_meta VALUES
    ('product', 'rexian'),
    ('text_salt', encode(sha256(convert_to(
        gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex'));
INSERT INTO event_epochs (epoch, cluster)
    SELECT 1, s.system_identifier || '/' || c.timeline_id
    FROM pg_control_system() s, pg_control_checkpoint() c;
"""


def upgrade() -> None:
    """Create the event log, its chains, the readers' cursors and the work table."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
