"""Hotspot analysis: classification, topics, places, bursts."""

from hotspot import event_types

__all__ = ["event_types"]
