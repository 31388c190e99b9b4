"""Tables of the room `approvals`."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE approvals (
    id text PRIMARY KEY,
    system text NOT NULL,
    reference text NOT NULL,
    matter text NOT NULL,
    result text NOT NULL CHECK (result IN ('granted', 'refused', 'supplement')),
    decided_at timestamptz NOT NULL,
    department text NOT NULL,
    applicant text NOT NULL,
    phone text NOT NULL,
    fax text NOT NULL,
    email text NOT NULL,
    note text NOT NULL,
    keypad text NOT NULL,
    code text NOT NULL CHECK (code ~ '^[0-9]{6}$'),
    received_at timestamptz NOT NULL,
    UNIQUE (system, reference)
);
CREATE INDEX approvals_keypad ON approvals (keypad);
CREATE INDEX approvals_received ON approvals (received_at DESC);
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
