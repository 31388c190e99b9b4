"""Tables of the room: facts of cases, the report as it stands, a city's own thresholds."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Double, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from rexian.kernel.db import metadata

cases = Table(
    "hotspot_cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("citizen", Text),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
)

spots = Table(
    "hotspot_spots",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("spot", JSONB, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("computed_at", DateTime(timezone=True), nullable=False),
)

thresholds = Table(
    "hotspot_thresholds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Double, nullable=False),
)
