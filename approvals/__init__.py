"""Results of the one-stop approval system, read by ivr and outbound, filled by exchange."""

from approvals import event_types

__all__ = ["event_types"]
