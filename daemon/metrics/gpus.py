"""GPUs. By state and not by name: a device's name is the host's business, `ratchet doctor gpu` shows it."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping
from typing import get_args

from daemon.gpus.leases import State
from daemon.metrics.registry import Registry

STATES: tuple[str, ...] = get_args(State)


class GpuMetrics(Registry):
    """See `daemon.gpus.lending.Told`."""

    def __init__(self) -> None:
        super().__init__()
        self._states = self._gauge("gpus", "GPUs known, by state.", state=STATES)
        self._hangs = self._counter("gpu_hangs", "Kernels on a GPU that hung.")

    def gpu_states(self, states: Mapping[str, str]) -> None:
        """Every known device and the state it is in."""
        tally = Tally(states.values())
        with self._lock:  # one set of numbers at a time
            for state in STATES:
                self._states.labels(state).set(tally[state])

    def gpu_hang(self) -> None:
        """Count a kernel that hung."""
        self._hangs.inc()
