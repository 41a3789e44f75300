"""Metrics of GPUs. By state and not by name: a device's name is the host's business, `ratchet doctor gpu` shows it."""

from __future__ import annotations

import threading
from collections import Counter as Tally
from collections.abc import Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from daemon.gpus.leases import State

STATES: tuple[str, ...] = get_args(State)


class GpuMetrics:
    """See `lending.Told`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lock = threading.Lock()  # one set of numbers at a time
        self._states = Gauge("gpus", "GPUs known, by state.", ["state"], namespace="ratchet", registry=registry)
        self._hangs = Counter("gpu_hangs", "Kernels on a GPU that hung.", namespace="ratchet", registry=registry)
        self.gpu_states({})

    def gpu_states(self, states: Mapping[str, str]) -> None:
        """Every known device and the state it is in."""
        tally = Tally(states.values())
        with self._lock:
            for state in STATES:
                self._states.labels(state).set(tally[state])

    def gpu_hang(self) -> None:
        """Count a kernel that hung."""
        self._hangs.inc()
