"""Task queues, timeouts and retry policies, in one table."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy

MAIN = "ratchet"
"""Workflows and light activities. The queue that people name on the command line."""
PROPOSE = "ratchet-propose"
"""Agents in runner containers; waits on models."""
EVALUATE = "ratchet-evaluate"
"""Builds and measurements; as many slots as the machine can measure side by side."""


def gpu(device: str) -> str:
    """The queue of one GPU: measurements on it, one at a time."""
    return f"ratchet-gpu-{device}" if device else EVALUATE


def device_of(queue: str) -> str:
    """The GPU whose queue this is; empty for any other queue."""
    return queue.removeprefix("ratchet-gpu-") if queue.startswith("ratchet-gpu-") else ""


LIGHT = timedelta(seconds=60)
"""Start-to-close of an activity that asks OPA, git or the database."""
HEAVY = timedelta(hours=2)
"""Start-to-close of an activity that runs containers; its own deadlines are tighter."""
HEARTBEAT = timedelta(seconds=20)
"""Heavy activities report at a third of this, so that a dead worker is noticed within 30 s."""

INFRASTRUCTURE = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=0,
    non_retryable_error_types=["RefusedError"],
)
"""Our own faults are retried until they are mended; the workflow is never failed by them."""
BUG_ATTEMPTS = 4
"""After this many attempts of an activity, an error that nobody foresaw is final."""
SANDBOX = RetryPolicy(
    initial_interval=timedelta(seconds=5),
    backoff_coefficient=3.0,
    maximum_interval=timedelta(seconds=60),
    maximum_attempts=4,
    non_retryable_error_types=["RefusedError"],
)
"""Container work: three retries over more than a minute outlast an engine that restarts; then `inconclusive`."""

SEARCH_ATTRIBUTES = {"RatchetTarget": "Keyword", "RatchetStatus": "Keyword", "RatchetBest": "Double"}
"""Registered on the embedded server; on a server of your own, `temporal operator search-attribute create`."""
