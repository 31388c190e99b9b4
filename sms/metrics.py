"""The counters of one SMPP account as Prometheus metrics, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from sms.account import Counters
from sms.client import SmppClient

MEANINGS = {
    "binds": "sessions bound",
    "disconnects": "connections that ended",
    "submitted": "submit_sm sent",
    "accepted": "submit_sm the carrier took",
    "throttled": "submit_sm refused for now",
    "refused": "submit_sm refused for good",
    "unanswered": "submit_sm without an answer",
    "delivered": "deliver_sm received: receipts and messages from phones",
    "malformed": "PDUs that could not be read",
}


@dataclass(frozen=True, slots=True)
class SmppMetrics(Collector):
    """`rexian_smpp_<counter>_total` and `rexian_smpp_bound`."""

    client: SmppClient

    @override
    def collect(self) -> Iterator[Metric]:
        """Give the counters as they stand."""
        for field in fields(Counters):
            value = getattr(self.client.counters, field.name)
            yield CounterMetricFamily(
                f"rexian_smpp_{field.name}", f"SMPP: {MEANINGS[field.name]}", value=value
            )
        yield GaugeMetricFamily(
            "rexian_smpp_bound", "SMPP: 1 while a session is bound", value=int(self.client.bound)
        )
