"""Schedules and notices: SMS, fax, mail, letter; receipts and proofs."""

from outbound import event_types

__all__ = ["event_types"]
