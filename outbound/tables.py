"""Tables of the room: messages and parts, receipts, parts of inbound SMS."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    FetchedValue,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from rexian.kernel.db import metadata

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event_id", BigInteger, nullable=False),
    Column("notice", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_masked", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("urgent", Boolean, nullable=False, server_default="false"),
    Column("send_after", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("settled_at", DateTime(timezone=True)),
    Column("error", Text, nullable=False, server_default=""),
    Column("proof", JSONB, nullable=False, server_default="{}"),
    Column("decided_by", Text),
)

parts = Table(
    "message_parts",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("total", SmallInteger, nullable=False),
    Column("data_coding", SmallInteger, nullable=False),
    Column("esm_class", SmallInteger, nullable=False),
    Column("user_data", LargeBinary, nullable=False),
    Column("reference", Integer, nullable=False, server_default=FetchedValue()),
    Column("state", Text, nullable=False),
    Column("carrier_message_id", Text),
    Column("answered_at", DateTime(timezone=True)),
    Column("receipt_state", Text, nullable=False, server_default=""),
    Column("receipt_error", Text, nullable=False, server_default=""),
    Column("receipt_at", DateTime(timezone=True)),
    Column("error", Text, nullable=False, server_default=""),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("carrier_message_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("done_date", Text, nullable=False),
    Column("reference", Integer),
    Column("phone", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("part_id", BigInteger),
)

inbound_parts = Table(
    "inbound_parts",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("reference", Integer),
    Column("number", SmallInteger, nullable=False),
    Column("total", SmallInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("contact_id", Text),
)
