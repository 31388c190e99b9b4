"""The configuration of our own PostgreSQL."""

from __future__ import annotations

from pathlib import Path

FILE_NAME = "rexian.conf"

_SETTINGS = """\
# Written at every start by the supervisor: changes belong into var/rexian.toml.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 120
shared_buffers = '128MB'
work_mem = '8MB'
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = 'terse'
log_min_error_statement = 'panic'
max_wal_size = '512MB'
"""
# The last four log settings keep statements with personal data out of the server's log.

_NOT_DURABLE = """\
fsync = off
full_page_writes = off
wal_level = 'minimal'
max_wal_senders = 0
"""


def write(directory: Path, *, port: int, sockets: Path, durable: bool) -> None:
    """Write rexian.conf into the data folder and make postgresql.conf include it."""
    text = _SETTINGS.format(port=port, sockets=sockets)
    (directory / FILE_NAME).write_text(text if durable else text + _NOT_DURABLE)
    main = directory / "postgresql.conf"
    include = f"include = '{FILE_NAME}'\n"
    present = main.read_text()
    if include not in present:
        main.write_text(present + "\n" + include)
