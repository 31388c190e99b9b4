"""Departments, users, seats, places."""

from directory import event_types

__all__ = ["event_types"]
