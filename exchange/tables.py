"""Tables of the room: the case feed, its tokens, the files of the in-box and their records."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from rexian.kernel.db import metadata

tokens = Table(
    "exchange_tokens",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

#: Written and read with explicit SQL in `exchange.feed`, for `xid8` is no type of SQLAlchemy's.
cases = Table(
    "exchange_cases",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("xid", Text, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

files = Table(
    "exchange_files",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("taken_as", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("problem", Text, nullable=False, server_default=""),
    Column("taken", Integer, nullable=False, server_default="0"),
    Column("known", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("copies", Integer, nullable=False, server_default="0"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
)

records = Table(
    "exchange_records",
    metadata,
    Column("file_id", Uuid(as_uuid=False), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("field", Text, nullable=False, server_default=""),
    Column("problem", Text, nullable=False, server_default=""),
    Column("approval_id", Text),
)
