"""Alembic's environment for the chain of all rooms."""
