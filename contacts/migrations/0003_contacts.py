"""Citizens, contacts on every channel, recordings and who opened them."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE citizens (
    id text PRIMARY KEY,
    phone text UNIQUE,
    phone_display text NOT NULL DEFAULT '',
    phone_masked text NOT NULL DEFAULT '',
    name text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    area text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    erased_at timestamptz
);
COMMENT ON COLUMN citizens.phone IS 'E.164, or NULL for a citizen who stays anonymous';

CREATE TABLE contacts (
    id text PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('voice', 'sms', 'web', 'email', 'fax', 'letter')),
    direction text NOT NULL DEFAULT 'in' CHECK (direction IN ('in', 'out')),
    line text NOT NULL,
    citizen_id text REFERENCES citizens,
    caller_number text NOT NULL DEFAULT '',
    caller_name text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    queued_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    seat text,
    agent text,
    outcome text NOT NULL DEFAULT 'open',
    body text NOT NULL DEFAULT '',
    external_ref text
);
COMMENT ON COLUMN contacts.caller_number IS 'as the carrier gave it, cleaned; personal data';
CREATE INDEX contacts_citizen ON contacts (citizen_id, started_at DESC);
CREATE INDEX contacts_started ON contacts (started_at DESC);
CREATE UNIQUE INDEX contacts_external ON contacts (channel, external_ref)
    WHERE external_ref IS NOT NULL;

CREATE TABLE recordings (
    id text PRIMARY KEY,
    contact_id text NOT NULL REFERENCES contacts,
    file text NOT NULL UNIQUE CHECK (file !~ '/|\\.\\.'),
    started_at timestamptz NOT NULL,
    milliseconds bigint NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    erased_at timestamptz
);
CREATE INDEX recordings_contact ON recordings (contact_id);

CREATE TABLE recording_accesses (
    id text PRIMARY KEY,
    recording_id text NOT NULL REFERENCES recordings,
    actor text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX recording_accesses_recording ON recording_accesses (recording_id, at DESC);
GRANT SELECT (id, channel, direction, line, started_at, queued_at, answered_at, ended_at, seat,
    outcome) ON contacts TO rexian_reader;
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
