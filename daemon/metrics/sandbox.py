"""Containers: how many there are, how they ended, how long they lived."""

from __future__ import annotations

from daemon.metrics import labels
from daemon.metrics.labels import KILLS
from daemon.metrics.registry import Registry


class SandboxMetrics(Registry):
    """Runs of containers."""

    def __init__(self) -> None:
        super().__init__()
        self._runs = self._counter(
            "sandbox_runs", "Containers that ended, by how.", role=labels.ROLES, reason=labels.EXITS
        )
        self._run_time = self._histogram(
            "sandbox_run_duration_seconds", "Life of a container.", labels.SLOW, role=labels.ROLES
        )
        self._kills = self._counter("sandbox_kills", "Containers killed, by limit.", reason=KILLS)
        self._containers = self._gauge("containers_live", "Containers that exist now.", role=labels.ROLES)

    def sandbox_run(self, role: str, reason: str, seconds: float) -> None:
        """A container ended (`Exit.reason`)."""
        self._runs.labels(labels.known(role, labels.ROLES), labels.known(reason, labels.EXITS)).inc()
        self._run_time.labels(labels.known(role, labels.ROLES)).observe(seconds)
        if reason in KILLS:
            self._kills.labels(reason).inc()

    def containers(self, role: str, change: int) -> None:
        """Containers created (1) or removed (−1)."""
        self._containers.labels(labels.known(role, labels.ROLES)).inc(change)
