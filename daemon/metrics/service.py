"""The daemon itself: whether it is ready, how long its steps take, and what went wrong on our side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.metrics import labels
from daemon.metrics.registry import Registry


class ServiceMetrics(Registry):
    """Steps and faults."""

    def __init__(self) -> None:
        super().__init__()
        self._ready = self._gauge("ready", "1 while workers poll and every engine answers.")
        self._steps = self._histogram(
            "step_duration_seconds", "Time of one step of the one path.", labels.SLOW, step=labels.STEPS
        )
        self._bugs = self._counter("bugs", "Errors of our own code that nobody foresaw, each met in an activity.")
        self._errors = self._counter("infrastructure_errors", "Faults of ours, retried, by part.", part=labels.PARTS)

    def ready(self, yes: bool) -> None:
        """Workers poll and every engine answers, or not."""
        self._ready.set(yes)

    @contextmanager
    def step(self, step: str) -> Iterator[None]:
        """Time the block as one step, however it ends."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._steps.labels(labels.known(step, labels.STEPS)).observe(time.monotonic() - started)

    def infrastructure_error(self, error: BaseException | str) -> None:
        """Count a fault of ours; the part is what the message starts with, up to the colon."""
        self._errors.labels(labels.known(str(error).partition(":")[0].strip(), labels.PARTS)).inc()

    def bug(self) -> None:
        """Count an error that nobody foresaw."""
        self._bugs.inc()
