"""Queues, seats, presence, call timeline: the mirror of Asterisk."""
