"""One candidate judged again from its records: the same image, seed and data, asked for by a person."""

from __future__ import annotations

from typing import Protocol

from pydantic import Field
from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import queues
    from workflows.activities import heartbeating, translated
    from workflows.models import Stored, Strict


class ReplayAsked(Strict):
    """Input of the workflow `Replay`."""

    candidate: str = Field(min_length=1, max_length=200)
    by: str = Field("", max_length=200)


class Judged(Stored):
    """What one judging came to. Gain and interval are log ratios for time targets, differences for score targets."""

    verdict: str
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 0


class Replayed(Stored):
    """What was recorded, and what came of judging it again."""

    candidate: str
    recorded: Judged
    again: Judged
    same_verdict: bool
    within: bool
    """The new gain lies in the recorded interval; true as well where neither has a gain."""


class ReplayPort(Protocol):
    """What the activity needs of the house."""

    def replay(self, name: str, asked: ReplayAsked) -> Replayed:
        """Judge it again; `name` is the request's own. Raises RefusedError, InfrastructureError."""


class ReplayActivities:
    """The one step of the replay."""

    def __init__(self, port: ReplayPort) -> None:
        self._port = port

    @activity.defn
    @heartbeating
    @translated
    def replay_candidate(self, name: str, asked: ReplayAsked) -> Replayed:
        """See `ReplayPort.replay`."""
        return self._port.replay(name, asked)


@workflow.defn(name="Replay")
class Replay:
    """A workflow of its own: it takes its turn among the measurements, under the same policy."""

    @workflow.run
    async def run(self, asked: ReplayAsked) -> Replayed:
        """Both judgements."""
        try:
            return await workflow.execute_activity_method(
                ReplayActivities.replay_candidate,
                args=[workflow.info().workflow_id, asked],
                task_queue=queues.EVALUATE,
                start_to_close_timeout=queues.HEAVY,
                heartbeat_timeout=queues.HEARTBEAT,
                retry_policy=queues.SANDBOX,
            )
        except ActivityError as error:
            raise ApplicationError(str(error.cause), type="ReplayRefused", non_retryable=True) from error
