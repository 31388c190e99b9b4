"""Work given up, urgent notices, and what may be deleted once it is settled and old."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQL = """
ALTER TABLE work ADD COLUMN errors integer NOT NULL DEFAULT 0;
ALTER TABLE work ADD COLUMN given_up_at timestamptz;
COMMENT ON COLUMN work.errors IS 'tries that raised or killed their worker; not those a handler put off';
CREATE INDEX work_given_up ON work (given_up_at) WHERE given_up_at IS NOT NULL;
CREATE INDEX work_done ON work (finished_at) WHERE state = 'done';

ALTER TABLE messages ADD COLUMN urgent boolean NOT NULL DEFAULT false;
UPDATE messages SET urgent = true FROM work
    WHERE work.kind = 'outbound.' || messages.channel
        AND work.key = messages.id || ':1' AND work.payload ->> 'urgent' = 'true';

CREATE INDEX receipts_received ON receipts (received_at);
CREATE INDEX inbound_parts_received ON inbound_parts (received_at) WHERE contact_id IS NOT NULL;
GRANT DELETE ON work, receipts, inbound_parts TO rexian_app;
"""


def upgrade() -> None:
    """Add the columns, the indexes the purge reads by, and the right to delete."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
