import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Counter

from rexian.kernel.metrics import serve


def test_metrics_are_served_on_the_loopback_only():
    own = CollectorRegistry()
    Counter("rexian_test_things_total", "Things.", registry=own).inc(3)
    server = serve(0, of=own)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
            assert b"rexian_test_things_total 3.0" in answer.read()
        assert server.server.server_address[0] == "127.0.0.1"
        with pytest.raises(OSError, match="in use"):
            serve(server.port, of=own)
    finally:
        server.close()
