"""How metrics are made: in a registry of their own, every series of a closed label set there from the start with 0."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Mapping
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from daemon.metrics.labels import OTHER

_CODE = re.compile(r"[A-Z][A-Z0-9-]{0,39}")
_MAX_CODES = 100
_MAX_CAMPAIGNS = 32

Labelled = TypeVar("Labelled", bound=MetricWrapperBase)


class Registry:
    """What the parts of the daemon's metrics share. Each part is a class that adds its metrics when it is made."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lock = threading.Lock()  # protects the three below, and what the parts say
        self._codes: set[str] = set()
        self._campaigns: set[str] = set()
        self._of_campaigns: list[Gauge] = []

    def _counter(self, name: str, text: str, **labels: tuple[str, ...]) -> Counter:
        return _filled(Counter(name, text, tuple(labels), namespace="ratchet", registry=self.registry), labels)

    def _gauge(self, name: str, text: str, **labels: tuple[str, ...]) -> Gauge:
        return _filled(Gauge(name, text, tuple(labels), namespace="ratchet", registry=self.registry), labels)

    def _open_gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge whose series come and go; those of a campaign go with it."""
        made = Gauge(name, text, labels, namespace="ratchet", registry=self.registry)
        if "campaign" in labels:
            self._of_campaigns.append(made)
        return made

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], **labels: tuple[str, ...]) -> Histogram:
        made = Histogram(name, text, tuple(labels), namespace="ratchet", registry=self.registry, buckets=buckets)
        return _filled(made, labels)

    def _knows(self, campaign: str) -> bool:
        """Whether a campaign is open and among the few that have series of their own."""
        with self._lock:
            return campaign in sorted(self._campaigns)[:_MAX_CAMPAIGNS]

    def _forget(self, campaign: str) -> None:
        """Remove every series of a campaign."""
        for gauge in self._of_campaigns:
            for metric in gauge.collect():
                for sample in metric.samples:
                    if sample.labels["campaign"] == campaign:
                        gauge.remove(*sample.labels.values())

    def _code(self, code: str) -> str:
        """A rule's code as a label: at most 100 get a series, the rest are `other`."""
        with self._lock:
            if code not in self._codes and len(self._codes) < _MAX_CODES and _CODE.fullmatch(code):
                self._codes.add(code)
            return code if code in self._codes else OTHER


def _filled(metric: Labelled, labels: Mapping[str, tuple[str, ...]]) -> Labelled:
    """Start every series of a closed label set with 0."""
    if labels:
        for values in itertools.product(*labels.values()):
            metric.labels(*values)
    return metric
