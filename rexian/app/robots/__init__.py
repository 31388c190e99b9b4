"""Robots: a citizen with a telephone, a seat that works the desk, and the tour they make."""
