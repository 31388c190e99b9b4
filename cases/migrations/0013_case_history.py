"""A department's history of a case names neither the citizen's id nor the contact's.

The same id on two cases would tie a confidential citizen to one whose name the department knows.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = """
CREATE OR REPLACE FUNCTION case_history(p_case text) RETURNS SETOF events
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT e.id, e.epoch, e.xid, e.subject_kind, e.subject_id, e.seq, e.type, e.version, e.at,
        e.actor, e.payload - 'citizen' - 'contact', e.prev_hash, e.hash
    FROM public.events e
    WHERE e.subject_kind = 'case' AND e.subject_id = p_case AND EXISTS (
        SELECT 1 FROM public.case_dispatches d WHERE d.case_id = p_case AND d.ended_at IS NULL
        AND d.department = pg_catalog.current_setting('rexian.department', true))
$$;
"""


def upgrade() -> None:
    """Replace the function."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
