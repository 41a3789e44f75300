"""One move of the agent in use, asked for by a person: make a version current, or take one back."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import Field
from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import queues
    from workflows.activities import translated
    from workflows.models import Strict


class GenomeMove(Strict):
    """Input of the workflow `GenomeMove`."""

    action: Literal["promote", "rollback"]
    candidate: str = Field("", max_length=200)
    """`promote`: the version. `rollback`: the one that is meant; empty for the newest."""
    by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)
    signature: str = Field("", max_length=20_000)
    """`promote` only: SSH signature over the statement (`ratchet genome promote --statement` prints it)."""
    expires: float = 0.0
    """Unix seconds, part of the statement: a signature is good for some minutes."""


class GenomePort(Protocol):
    """What the activity needs of the house."""

    def move(self, asked: GenomeMove) -> str:
        """Carry it out; what is true now, in one sentence. Raises RefusedError, InfrastructureError."""


class GenomeActivities:
    """The one step of the move."""

    def __init__(self, port: GenomePort) -> None:
        self._port = port

    @activity.defn
    @translated
    def move_genome(self, asked: GenomeMove) -> str:
        """See `GenomePort.move`."""
        return self._port.move(asked)


@workflow.defn(name="GenomeMove")
class Mover:
    """A workflow of its own, so that the request outlives a restart and is done once."""

    @workflow.run
    async def run(self, asked: GenomeMove) -> str:
        """What is true after it."""
        try:
            return await workflow.execute_activity_method(
                GenomeActivities.move_genome,
                asked,
                task_queue=queues.MAIN,
                start_to_close_timeout=queues.LIGHT,
                retry_policy=queues.INFRASTRUCTURE,
            )
        except ActivityError as error:
            raise ApplicationError(str(error.cause), type="GenomeMoveRefused", non_retryable=True) from error
