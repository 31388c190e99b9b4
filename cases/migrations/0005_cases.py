"""Cases, their texts and dispatches; row security for departments."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE promise_tiers (
    tier text PRIMARY KEY,
    name text NOT NULL,
    amount integer NOT NULL CHECK (amount >= 0),
    unit text NOT NULL CHECK (unit IN ('natural_hours', 'working_hours', 'working_days'))
);

CREATE TABLE categories (
    code text PRIMARY KEY,
    parent text REFERENCES categories,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
    name text NOT NULL,
    path text NOT NULL,
    keywords text[] NOT NULL DEFAULT '{}',
    department text REFERENCES departments,
    tier text REFERENCES promise_tiers,
    position integer NOT NULL,
    active boolean NOT NULL DEFAULT true
);
CREATE INDEX categories_parent ON categories (parent, position);

CREATE TABLE case_counters (
    line text NOT NULL,
    day date NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (line, day)
);

CREATE TABLE case_keys (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
COMMENT ON TABLE case_keys IS 'key that look-up codes are derived from; for rexian_app alone';
INSERT INTO case_keys VALUES ('lookup', sha256(convert_to(
    gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

CREATE TABLE cases (
    id text PRIMARY KEY,
    number text NOT NULL UNIQUE,
    line text NOT NULL,
    kind text NOT NULL CHECK (kind IN
        ('enquiry', 'help', 'complaint', 'report', 'suggestion', 'praise')),
    category text NOT NULL REFERENCES categories,
    tier text NOT NULL REFERENCES promise_tiers,
    state text NOT NULL,
    title text NOT NULL,
    township text REFERENCES places,
    confidential boolean NOT NULL,
    citizen_id text REFERENCES citizens,
    contact_id text REFERENCES contacts,
    form_token text UNIQUE,
    accepted_at timestamptz NOT NULL,
    accepted_by text NOT NULL,
    accepted_seat text,
    lead text REFERENCES departments,
    supports text[] NOT NULL DEFAULT '{}',
    dispatched_at timestamptz,
    due_at timestamptz,
    due_provisional boolean NOT NULL DEFAULT false,
    signed_at timestamptz,
    replied_at timestamptz,
    closed_at timestamptz,
    outcome text,
    round integer NOT NULL DEFAULT 1,
    sent_back integer NOT NULL DEFAULT 0
);
CREATE INDEX cases_citizen ON cases (citizen_id, accepted_at DESC);
CREATE INDEX cases_contact ON cases (contact_id);
CREATE INDEX cases_repeat ON cases (category, township, accepted_at DESC);
CREATE INDEX cases_open_due ON cases (due_at) WHERE state <> 'closed';
CREATE INDEX cases_state ON cases (state, accepted_at DESC);
CREATE INDEX cases_lead ON cases (lead, state, due_at);
CREATE INDEX cases_accepted ON cases (accepted_at DESC);

CREATE TABLE case_texts (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases,
    kind text NOT NULL CHECK (kind IN ('request', 'address', 'direct_answer', 'dispatch_note',
        'public_reply', 'internal_note', 'review_comment')),
    body text NOT NULL,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL,
    erased_at timestamptz
);
CREATE INDEX case_texts_case ON case_texts (case_id, written_at);

CREATE TABLE case_dispatches (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases,
    department text NOT NULL REFERENCES departments,
    role text NOT NULL CHECK (role IN ('lead', 'support')),
    round integer NOT NULL,
    at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX case_dispatches_case ON case_dispatches (case_id);
CREATE INDEX case_dispatches_department ON case_dispatches (department, case_id)
    WHERE ended_at IS NULL;

CREATE TABLE case_lookup_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX case_lookup_failures_number ON case_lookup_failures (number, at DESC);
GRANT DELETE ON case_lookup_failures TO rexian_app;

-- A department reads the cases dispatched to it and nothing else. It writes nothing itself: its
-- commands are checked under this security and carried out by the application.
ALTER TABLE cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_texts ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_dispatches ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_cases ON cases TO rexian_app, rexian_reader USING (true) WITH CHECK (true);
CREATE POLICY app_texts ON case_texts TO rexian_app USING (true) WITH CHECK (true);
CREATE POLICY app_dispatches ON case_dispatches TO rexian_app, rexian_reader
    USING (true) WITH CHECK (true);
CREATE POLICY own_dispatches ON case_dispatches FOR SELECT TO rexian_department
    USING (ended_at IS NULL AND department = current_setting('rexian.department', true));
CREATE POLICY own_cases ON cases FOR SELECT TO rexian_department
    USING (EXISTS (SELECT 1 FROM case_dispatches d WHERE d.case_id = cases.id));
CREATE POLICY own_texts ON case_texts FOR SELECT TO rexian_department
    USING (EXISTS (SELECT 1 FROM case_dispatches d WHERE d.case_id = case_texts.case_id));

GRANT SELECT ON categories, promise_tiers, case_dispatches TO rexian_reader, rexian_department;
GRANT SELECT ON case_texts TO rexian_department;
GRANT SELECT (id, number, line, kind, category, tier, state, title, township, confidential,
    accepted_at, lead, supports, dispatched_at, due_at, due_provisional, signed_at, replied_at,
    closed_at, outcome, round, sent_back) ON cases TO rexian_department, rexian_reader;

-- Who asked: only for a case of the department in this session, and never a confidential citizen.
CREATE FUNCTION case_citizen(p_case text)
RETURNS TABLE (name text, phone_display text, address text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT z.name, z.phone_display, z.address
    FROM public.cases c JOIN public.citizens z ON z.id = c.citizen_id
    WHERE c.id = p_case AND NOT c.confidential AND EXISTS (
        SELECT 1 FROM public.case_dispatches d WHERE d.case_id = c.id AND d.ended_at IS NULL
        AND d.department = pg_catalog.current_setting('rexian.department', true))
$$;
-- The history of such a case, from the event log.
CREATE FUNCTION case_history(p_case text) RETURNS SETOF events
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT e.* FROM public.events e
    WHERE e.subject_kind = 'case' AND e.subject_id = p_case AND EXISTS (
        SELECT 1 FROM public.case_dispatches d WHERE d.case_id = p_case AND d.ended_at IS NULL
        AND d.department = pg_catalog.current_setting('rexian.department', true))
$$;
-- Names of the people who acted on it: colleagues of the centre and departments, not citizens.
CREATE FUNCTION case_actor_names(p_ids text[]) RETURNS TABLE (id text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT u.id, u.name FROM public.users u WHERE u.id = ANY(p_ids)
$$;
REVOKE ALL ON FUNCTION case_citizen(text), case_history(text), case_actor_names(text[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_citizen(text), case_history(text) TO rexian_department;
GRANT EXECUTE ON FUNCTION case_actor_names(text[]) TO rexian_department, rexian_app;
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(SQL)


def downgrade() -> None:
    """A hotline's data is never dropped by a migration: restore a backup instead."""
    raise RuntimeError("migrations of the hotline only go forward")
