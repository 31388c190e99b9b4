"""A department's login cannot read what a confidential case's citizen said of himself, by SQL either.

`masked` is the text as people read it who must not know who called; it is written beside the text.
A department reads through `case_texts_shown`, which gives it in place of the text, and has no right
to the column `body` at all.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection

from cases.discretion import masked

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SQL = """
ALTER TABLE case_texts ADD COLUMN masked text;
COMMENT ON COLUMN case_texts.masked IS
    'of a confidential case: the text without what tells who the citizen is; else NULL';
REVOKE SELECT ON case_texts FROM rexian_department;
GRANT SELECT (id, case_id, kind, written_at, written_by, erased_at) ON case_texts
    TO rexian_department;

-- The texts of a case of the department in this session, as it may read them.
CREATE FUNCTION case_texts_shown(p_case text)
RETURNS TABLE (id text, kind text, body text, written_at timestamptz, written_by text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT t.id, t.kind,
        CASE WHEN c.confidential THEN coalesce(t.masked, '（保密）') ELSE t.body END,
        t.written_at, t.written_by
    FROM public.case_texts t JOIN public.cases c ON c.id = t.case_id
    WHERE t.case_id = p_case AND t.erased_at IS NULL AND EXISTS (
        SELECT 1 FROM public.case_dispatches d WHERE d.case_id = p_case AND d.ended_at IS NULL
        AND d.department = pg_catalog.current_setting('rexian.department', true))
$$;
REVOKE ALL ON FUNCTION case_texts_shown(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_texts_shown(text) TO rexian_department;
"""
CONFIDENTIAL = """
SELECT t.id, t.kind, t.body, z.name, z.phone, z.phone_display, z.address
FROM case_texts t JOIN cases c ON c.id = t.case_id LEFT JOIN citizens z ON z.id = c.citizen_id
WHERE c.confidential
"""


def upgrade() -> None:
    """Add column and function; mask the texts there are."""
    tx = op.get_bind()
    tx.exec_driver_sql(SQL)
    _mask(tx)


def _mask(tx: Connection) -> None:
    for row in tx.exec_driver_sql(CONFIDENTIAL).all():
        phone = row.phone or ""
        own = (row.name, phone, phone.removeprefix("+86"), row.phone_display, row.address)
        words = [one for one in own if one and len(one) > 1]
        tx.exec_driver_sql(
            "UPDATE case_texts SET masked = %s WHERE id = %s",
            (masked(row.kind, row.body, words), row.id),
        )


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
