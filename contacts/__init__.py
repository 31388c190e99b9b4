"""Citizens, contacts on every channel, recordings."""

from contacts import event_types

__all__ = ["event_types"]
