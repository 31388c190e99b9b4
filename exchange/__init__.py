"""The common exchange: feeds of de-identified cases, importers of departments' results."""

from exchange import event_types

__all__ = ["event_types"]
