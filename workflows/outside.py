"""Candidates that are made outside: the seam by which another coding agent proposes in place of our own.

A campaign whose model is `OUTSIDE` draws no candidate of its own. It waits for `Submission`s, which come as the update
`submit` (`ratchet mcp` sends them; so may the Temporal CLI). The step `receive` looks at each before it is taken; then
it queues in the campaign's progress, and is chosen, gated, committed, judged, promoted and recorded like any candidate,
on the campaign's budget. Only the container of our own agent is missing: the bundle stands already in the blob store.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

OUTSIDE = "ratchet/outside"
"""In place of a model's name: somebody outside proposes."""
WAITING = 16
"""Most submissions that may wait to be chosen."""


class Submission(BaseModel):
    """Argument of the update `submit`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parent: str = Field(min_length=1, max_length=200)
    """The candidate that was edited: it is what the submission is measured against."""
    bundle: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Blob hash of the changed files, in the format that our own agent leaves (`sandbox/copyout.py`)."""
    by: str = Field(min_length=1, max_length=200)


def objection(model: str, stopping: str, begun: int, waiting: int, planned: int) -> str:
    """Why a submission cannot be taken now, or nothing. `begun` candidates were chosen, of `planned`."""
    if model != OUTSIDE:
        return f"this campaign proposes by {model}; start one with model {OUTSIDE!r} for candidates from outside"
    if stopping:
        return f"the campaign has stopped ({stopping})"
    if begun + waiting >= planned:
        return f"all {planned} candidates of the campaign are taken"
    return f"{waiting} submissions wait already; wait for a verdict first" if waiting >= WAITING else ""
