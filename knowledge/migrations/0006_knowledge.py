"""Knowledge articles and the index that finds them."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE articles (
    id text PRIMARY KEY,
    title text NOT NULL,
    summary text NOT NULL,
    body text NOT NULL,
    keywords text[] NOT NULL,
    category text,
    category_path text NOT NULL DEFAULT '',
    department text REFERENCES departments,
    state text NOT NULL CHECK (state IN ('draft', 'published', 'withdrawn')),
    published_on date NOT NULL,
    review_on date NOT NULL,
    source text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    search tsvector NOT NULL
);
COMMENT ON COLUMN articles.search IS
    'bigrams and single characters made by rexian.kernel.search; A title, B keywords, C body';
CREATE INDEX articles_search ON articles USING gin (search);
CREATE INDEX articles_category ON articles (category);
GRANT SELECT ON articles TO rexian_reader, rexian_department;
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
