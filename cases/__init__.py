"""The case: model, lifecycle (pure), deadlines (pure), dispatch."""

from cases import event_types

__all__ = ["event_types"]
