"""A person takes an accepted candidate out of breeding, and what descends from it is judged again."""

from __future__ import annotations

from typing import Protocol

from pydantic import Field
from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import queues
    from workflows.activities import heartbeating, translated
    from workflows.models import Stored, Strict


class QuarantineAsked(Strict):
    """Input of the workflow `Quarantine`: a signed statement about one candidate."""

    candidate: str = Field(min_length=1, max_length=200)
    by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)
    signature: str = Field("", max_length=20_000)


class Quarantined(Stored):
    """What followed."""

    candidate: str
    suspended: tuple[str, ...]
    """Descendants that are no parents, no inspirations and no champions until they were judged again."""
    accepted: tuple[str, ...]
    """Those of them that had been accepted, oldest first: they are judged again."""
    target: str = ""
    champion: str = ""
    """The target's champion now, where it had to be taken back."""
    verdicts: dict[str, str] = Field(default_factory=dict)
    """What came of judging them again."""


class QuarantinePort(Protocol):
    """What the activities need of the house."""

    def confirm(self, asked: QuarantineAsked) -> Quarantined:
        """Check the signature, take it and its descendants out of use. Raises RefusedError, InfrastructureError."""

    def reevaluate(self, name: str, candidate: str) -> str:
        """Judge a descendant against its nearest sound ancestor; `name` is the request's own. Returns the verdict."""


class QuarantineActivities:
    """The two steps."""

    def __init__(self, port: QuarantinePort) -> None:
        self._port = port

    @activity.defn
    @heartbeating
    @translated
    def confirm_quarantine(self, asked: QuarantineAsked) -> Quarantined:
        """See `QuarantinePort.confirm`."""
        return self._port.confirm(asked)

    @activity.defn
    @heartbeating
    @translated
    def reevaluate(self, name: str, candidate: str) -> str:
        """See `QuarantinePort.reevaluate`."""
        return self._port.reevaluate(name, candidate)


@workflow.defn(name="Quarantine")
class Quarantine:
    """First out of use, then judged again, one after the other: an ancestor that is sound again serves the next."""

    @workflow.run
    async def run(self, asked: QuarantineAsked) -> Quarantined:
        """What followed."""
        name = workflow.info().workflow_id
        try:
            done = await workflow.execute_activity_method(
                QuarantineActivities.confirm_quarantine,
                asked,
                start_to_close_timeout=queues.HEAVY,
                heartbeat_timeout=queues.HEARTBEAT,
                retry_policy=queues.SANDBOX,
            )
            verdicts: dict[str, str] = Field(default_factory=dict)
            for candidate in done.accepted:
                verdicts[candidate] = await workflow.execute_activity_method(
                    QuarantineActivities.reevaluate,
                    args=[name, candidate],
                    task_queue=queues.EVALUATE,
                    start_to_close_timeout=queues.HEAVY,
                    heartbeat_timeout=queues.HEARTBEAT,
                    retry_policy=queues.SANDBOX,
                )
        except ActivityError as error:
            raise ApplicationError(str(error.cause), type="QuarantineRefused", non_retryable=True) from error
        return done.model_copy(update={"verdicts": verdicts})
