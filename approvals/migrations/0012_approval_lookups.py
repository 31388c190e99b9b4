"""Wrong look-up codes keyed for an approval: they close its number for a while."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE approval_lookup_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    keypad text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX approval_lookup_failures_keypad ON approval_lookup_failures (keypad, at DESC);
GRANT DELETE ON approval_lookup_failures TO rexian_app;
"""


def upgrade() -> None:
    """Create the table."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
