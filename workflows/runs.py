"""When a campaign's run ends and the next one takes over: Temporal keeps a run's whole history, and replays it."""

from __future__ import annotations

from temporalio import workflow

MOST_EVENTS = 3_500
MOST_BYTES = 3 * 1024 * 1024
"""Short of the 4,096 events and 4 MiB from which a server asks for a new run: what is in flight still adds to both."""


def long_enough() -> bool:
    """Whether no further candidate is to be started in this run."""
    info = workflow.info()
    if info.is_continue_as_new_suggested():
        return True
    grown = info.get_current_history_length() > MOST_EVENTS or info.get_current_history_size() > MOST_BYTES
    return grown and workflow.patched("runs-end-early")
