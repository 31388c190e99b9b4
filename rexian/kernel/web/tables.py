"""Tables of the web base: sessions and refused sign-ins."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Table, Text, func

from rexian.kernel.db import metadata

#: `id` is the SHA-256 of the cookie: a stolen table opens no session.
sessions = Table(
    "web_sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

#: `key` is the SHA-256 of an address: none stands here in clear.
refusals = Table(
    "web_sign_in_refusals",
    metadata,
    Column("key", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
