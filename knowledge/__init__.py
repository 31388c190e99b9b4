"""Articles, their review and search."""

from knowledge import event_types

__all__ = ["event_types"]
