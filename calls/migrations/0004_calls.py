"""Tables of the room `calls`: the mirror of Asterisk's calls, queues and seats."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE calls (
    id text PRIMARY KEY,
    uniqueid text NOT NULL UNIQUE,
    channel text NOT NULL,
    line text NOT NULL,
    caller text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'menu'
        CHECK (state IN ('menu', 'queued', 'talking', 'ended')),
    queue text NOT NULL DEFAULT '',
    position integer NOT NULL DEFAULT 0,
    seat text NOT NULL DEFAULT '',
    stage text NOT NULL DEFAULT '',
    decision text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    queued_at timestamptz,
    answered_at timestamptz,
    talk_ended_at timestamptz,
    abandoned_at timestamptz,
    ended_at timestamptz,
    outcome text NOT NULL DEFAULT '',
    closed_by text NOT NULL DEFAULT ''
);
COMMENT ON TABLE calls IS 'mirror of Asterisk; app_queue is the authority';
COMMENT ON COLUMN calls.caller IS 'number as the carrier gave it, filtered; personal data';
CREATE INDEX calls_open ON calls (started_at) WHERE ended_at IS NULL;
CREATE INDEX calls_started ON calls (started_at DESC);

CREATE TABLE call_timeline (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id text NOT NULL REFERENCES calls,
    at timestamptz NOT NULL,
    what text NOT NULL,
    seat text NOT NULL DEFAULT '',
    detail jsonb NOT NULL DEFAULT '{}',
    UNIQUE (call_id, what, seat, at)
);

CREATE TABLE seat_states (
    seat text PRIMARY KEY,
    wanted text NOT NULL DEFAULT 'sign_out',
    signed_in boolean NOT NULL DEFAULT false,
    paused boolean NOT NULL DEFAULT false,
    phone text NOT NULL DEFAULT 'unknown',
    call_id text REFERENCES calls,
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE seat_states IS 'written by the AMI follower only, but for wanted';

CREATE TABLE call_attempts (
    key text PRIMARY KEY,
    context text NOT NULL CHECK (context IN ('fax-out', 'voice-out')),
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'calling', 'done', 'failed', 'uncertain')),
    requested_at timestamptz NOT NULL,
    placed_at timestamptz,
    finished_at timestamptz,
    code text NOT NULL DEFAULT '',
    proof jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN call_attempts.proof IS 'what Asterisk said: status, pages, rate, mode, remote';
CREATE INDEX call_attempts_open ON call_attempts (placed_at) WHERE state = 'calling';

GRANT SELECT ON seat_states, call_timeline TO rexian_reader;
GRANT SELECT (id, line, state, queue, seat, stage, decision, reason, started_at, queued_at,
    answered_at, talk_ended_at, abandoned_at, ended_at, outcome) ON calls TO rexian_reader;
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
