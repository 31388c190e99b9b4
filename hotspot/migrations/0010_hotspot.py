"""Tables of the room `hotspot`: what analysis knows of cases, the report, the thresholds."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE hotspot_cases (
    id text PRIMARY KEY,
    number text NOT NULL,
    category text NOT NULL,
    place text NOT NULL,
    citizen text,
    accepted_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX hotspot_cases_accepted ON hotspot_cases (accepted_at DESC);
COMMENT ON TABLE hotspot_cases IS 'facts of cases from their events alone: codes, ids and times';

CREATE TABLE hotspot_spots (
    topic text NOT NULL,
    place text NOT NULL,
    position integer NOT NULL,
    state text NOT NULL CHECK (state IN ('hot', 'warming', 'watch')),
    spot jsonb NOT NULL,
    since timestamptz NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (topic, place)
);
CREATE INDEX hotspot_spots_position ON hotspot_spots (position);
COMMENT ON COLUMN hotspot_spots.since IS 'when the spot came into its present state';
GRANT DELETE ON hotspot_spots TO rexian_app;

CREATE TABLE hotspot_thresholds (
    name text PRIMARY KEY,
    value double precision NOT NULL
);
COMMENT ON TABLE hotspot_thresholds IS
    'a city''s own values; what is absent has the default of hotspot.bursts.Thresholds';

GRANT SELECT ON hotspot_cases, hotspot_spots, hotspot_thresholds TO rexian_reader;
"""


def upgrade() -> None:
    """Create the facts, the report and the thresholds."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
