"""Every metric of the daemon, and the small calls by which the steps report.

Names start with `ratchet_` and use base units. Labels are closed sets, all there from the start with 0, so that
`rate` and `absent` work on a fresh daemon; a value outside its set counts as `other`. Never a label: candidate, commit,
path, prompt, free text. The campaign is one, on few gauges, while it runs. Reporting never raises and never blocks.
"""

from __future__ import annotations

from prometheus_client import ProcessCollector, disable_created_metrics

from daemon.metrics.gpus import GpuMetrics
from daemon.metrics.log import LogMetrics
from daemon.metrics.money import MoneyMetrics
from daemon.metrics.people import PeopleMetrics
from daemon.metrics.policy import PolicyMetrics
from daemon.metrics.sandbox import SandboxMetrics
from daemon.metrics.search import SearchMetrics
from daemon.metrics.server import Endpoint, serve
from daemon.metrics.service import ServiceMetrics


class Metrics(
    ServiceMetrics, SearchMetrics, PolicyMetrics, PeopleMetrics, LogMetrics, SandboxMetrics, MoneyMetrics, GpuMetrics
):
    """All metrics of one daemon, in a registry of their own."""

    def __init__(self, version: str = "0") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        super().__init__()
        ProcessCollector(namespace="ratchet", registry=self.registry)
        build = self._gauge("build_info", "Version of the daemon; always 1.", version=(version,))
        build.labels(version).set(1)

    def serve(self, port: int, address: str = "127.0.0.1") -> Endpoint:
        """See `server.serve`."""
        return serve(self.registry, port, address)
