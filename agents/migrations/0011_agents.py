"""Tables of the web base (sessions, refused sign-ins) and of the desks (drafts)."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE web_sessions (
    id text PRIMARY KEY,
    user_id text NOT NULL,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX web_sessions_expires ON web_sessions (expires_at);

CREATE TABLE web_sign_in_refusals (
    key text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX web_sign_in_refusals_key ON web_sign_in_refusals (key, at);

CREATE TABLE desk_drafts (
    user_id text NOT NULL,
    place text NOT NULL,
    body jsonb NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, place)
);

GRANT DELETE ON web_sessions, web_sign_in_refusals, desk_drafts TO rexian_app;
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
