"""Tables of the room: one row for each result received, and wrong look-up codes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Text

from rexian.kernel.db import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("system", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("department", Text, nullable=False),
    Column("applicant", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("fax", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("keypad", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
)

failures = Table(
    "approval_lookup_failures",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("keypad", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
