"""Notices that go out, their parts and proofs; receipts; SMS that come in."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE messages (
    id text PRIMARY KEY,
    event_id bigint NOT NULL REFERENCES events,
    notice text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('sms', 'fax', 'mail', 'letter')),
    recipient text NOT NULL,
    recipient_masked text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN
        ('waiting', 'sending', 'sent', 'delivered', 'failed', 'uncertain')),
    round integer NOT NULL DEFAULT 1,
    send_after timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    settled_at timestamptz,
    error text NOT NULL DEFAULT '',
    proof jsonb NOT NULL DEFAULT '{}',
    decided_by text,
    UNIQUE (event_id, channel, recipient)
);
COMMENT ON COLUMN messages.recipient IS 'number or address; personal data';
CREATE INDEX messages_subject ON messages (subject_kind, subject_id, created_at);
CREATE INDEX messages_attention ON messages (created_at DESC)
    WHERE state IN ('failed', 'uncertain') AND decided_by IS NULL;

CREATE SEQUENCE message_references AS integer MINVALUE 1 MAXVALUE 65535 CYCLE;

CREATE TABLE message_parts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL REFERENCES messages,
    number smallint NOT NULL,
    total smallint NOT NULL,
    data_coding smallint NOT NULL,
    esm_class smallint NOT NULL,
    user_data bytea NOT NULL,
    reference integer NOT NULL DEFAULT nextval('message_references'),
    state text NOT NULL CHECK (state IN
        ('waiting', 'sending', 'sent', 'delivered', 'failed', 'uncertain')),
    carrier_message_id text,
    answered_at timestamptz,
    receipt_state text NOT NULL DEFAULT '',
    receipt_error text NOT NULL DEFAULT '',
    receipt_at timestamptz,
    error text NOT NULL DEFAULT '',
    UNIQUE (message_id, number)
);
CREATE INDEX message_parts_carrier ON message_parts (carrier_message_id);
CREATE INDEX message_parts_reference ON message_parts (reference, id DESC);

CREATE TABLE receipts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    carrier_message_id text NOT NULL,
    state text NOT NULL,
    error text NOT NULL,
    done_date text NOT NULL,
    reference integer,
    phone text NOT NULL,
    received_at timestamptz NOT NULL,
    part_id bigint REFERENCES message_parts
);
CREATE INDEX receipts_unmatched ON receipts (carrier_message_id) WHERE part_id IS NULL;

CREATE TABLE inbound_parts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL,
    source text NOT NULL,
    destination text NOT NULL,
    reference integer,
    number smallint NOT NULL,
    total smallint NOT NULL,
    body text NOT NULL,
    received_at timestamptz NOT NULL,
    contact_id text
);
COMMENT ON COLUMN inbound_parts.source IS 'number of the sender; personal data';
CREATE INDEX inbound_parts_digest ON inbound_parts (digest, received_at DESC);
CREATE INDEX inbound_parts_open ON inbound_parts (source, destination, reference, total)
    WHERE contact_id IS NULL;

-- A department sees that its case's citizen was told and when, never whom or what.
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE message_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_messages ON messages TO rexian_app, rexian_reader USING (true) WITH CHECK (true);
CREATE POLICY app_parts ON message_parts TO rexian_app, rexian_reader
    USING (true) WITH CHECK (true);
CREATE POLICY own_messages ON messages FOR SELECT TO rexian_department
    USING (subject_kind = 'case' AND EXISTS (
        SELECT 1 FROM case_dispatches d WHERE d.case_id = messages.subject_id));
CREATE POLICY own_parts ON message_parts FOR SELECT TO rexian_department
    USING (EXISTS (SELECT 1 FROM messages m WHERE m.id = message_parts.message_id));
GRANT SELECT (id, notice, channel, subject_kind, subject_id, state, send_after, created_at,
    sent_at, settled_at, error, proof) ON messages TO rexian_department, rexian_reader;
GRANT SELECT (message_id, number, total, state, carrier_message_id, answered_at, receipt_state,
    receipt_error, receipt_at, error) ON message_parts TO rexian_department, rexian_reader;
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
