"""Prometheus metrics of one process, served on 127.0.0.1.

A room declares its own: ``Counter("rexian_sms_sent_total", "…", registry=registry)``. Labels are
codes (state, queue, kind), never numbers or names of people.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)


@dataclass(frozen=True, slots=True)
class MetricsServer:
    """A running metrics endpoint."""

    server: WSGIServer
    thread: threading.Thread

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return int(self.server.server_address[1])

    def close(self) -> None:
        """Stop listening and wait for the thread (at most 5 s)."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)


def serve(port: int, *, of: CollectorRegistry = registry) -> MetricsServer:
    """Serve `/metrics` on 127.0.0.1:`port` (0: any free one). Raises OSError when it is taken."""
    server, thread = start_http_server(port, addr="127.0.0.1", registry=of)
    return MetricsServer(server, thread)
