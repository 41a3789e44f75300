"""The audit log: whether it takes records, and whether its checkpoints get outside."""

from __future__ import annotations

from daemon.metrics import labels
from daemon.metrics.registry import Registry
from daemon.records.outside import Sent


class LogMetrics(Registry):
    """Records and checkpoints."""

    def __init__(self) -> None:
        super().__init__()
        self._audit_records = self._counter("audit_records", "Records appended to the audit log.")
        self._audit_time = self._gauge("audit_last_append_timestamp_seconds", "Unix time of the last audit record.")
        self._audit_writable = self._gauge("audit_writable", "1 while the audit log takes records.")
        self._checkpoints = self._counter(
            "checkpoints", "Attempts to send a checkpoint of the audit log outside.", outcome=labels.CHECKPOINTS
        )
        self._checkpoint_problem = self._gauge("checkpoint_failing", "1 while checkpoints do not get outside.")
        self._checkpoint_time = self._gauge(
            "checkpoint_last_sent_timestamp_seconds", "Unix time at which a checkpoint last got outside; 0 without one."
        )

    def audit_appended(self, count: int = 1) -> None:
        """The audit log took records."""
        self._audit_records.inc(count)
        self._audit_time.set_to_current_time()
        self._audit_writable.set(1)

    def audit_writable(self, yes: bool) -> None:
        """Whether the audit log takes records."""
        self._audit_writable.set(yes)

    def checkpoint(self, sent: Sent) -> None:
        """A checkpoint got outside, or an attempt failed."""
        self._checkpoints.labels("failed" if sent.problem else "sent").inc()
        self._checkpoint_problem.set(bool(sent.problem))
        self._checkpoint_time.set(sent.at)
