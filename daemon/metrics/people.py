"""People: what waits for them, and what they answered."""

from __future__ import annotations

from daemon.metrics import labels
from daemon.metrics.registry import Registry


class PeopleMetrics(Registry):
    """Holds and their answers."""

    def __init__(self) -> None:
        super().__init__()
        self._holds: dict[str, float] = {}
        self._hold_count = self._gauge("holds", "Candidates that wait for a person.")
        self._hold_since = self._gauge(
            "hold_oldest_timestamp_seconds", "Unix time at which the longest waiting hold began; 0 without holds."
        )
        self._answers = self._counter("hold_answers", "People's answers to holds.", answer=labels.HOLD_ANSWERS)
        self._approvals = self._gauge("hold_approvals", "Approvals of open holds.", state=("needed", "given"))

    def hold(self, candidate: str, since: float | None) -> None:
        """A candidate began to wait for a person (Unix seconds), or waits no more (None)."""
        with self._lock:
            if since is None:
                self._holds.pop(candidate, None)
            else:
                self._holds[candidate] = since
            self._hold_count.set(len(self._holds))
            self._hold_since.set(min(self._holds.values(), default=0.0))

    def hold_answer(self, answer: str) -> None:
        """A person answered a hold, or nobody did in time."""
        self._answers.labels(labels.known(answer, labels.HOLD_ANSWERS)).inc()

    def hold_approvals(self, needed: int, given: int) -> None:
        """Approvals that the open holds need, and have, together."""
        self._approvals.labels("needed").set(needed)
        self._approvals.labels("given").set(given)
