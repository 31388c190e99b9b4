"""A signed root covers its own id and time from format 2 on; older roots stay verifiable."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SQL = """
ALTER TABLE event_roots ADD COLUMN format integer NOT NULL DEFAULT 1 CHECK (format IN (1, 2));
ALTER TABLE event_roots ALTER COLUMN format DROP DEFAULT;
COMMENT ON COLUMN event_roots.format IS
    'what root is a hash of: 1 entries alone, 2 id, time and entries; never falls again';
"""


def upgrade() -> None:
    """Add the column."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
