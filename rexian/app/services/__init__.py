"""The parts the system runs but did not write: PostgreSQL, Asterisk, secrets, ports."""
