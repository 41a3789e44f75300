"""Steps of milliseconds: done in the workflow's own turn, and as ordinary activities only once they meet trouble.

A local activity costs the server nothing: no task, no queue, three events fewer. What it lacks is being seen and being
retried by the server, so it gets one attempt; from the second on the step is an activity like any other, which
`temporal workflow describe` shows with its last failure. After a crash in between it is simply done again, as an
activity would be: steps are written so that they may be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError

with workflow.unsafe.imports_passed_through():
    from workflows import queues

R = TypeVar("R")

LIGHT: dict[str, Any] = {
    "task_queue": queues.MAIN,
    "start_to_close_timeout": queues.LIGHT,
    "retry_policy": queues.INFRASTRUCTURE,
}
"""How the server runs a light step as an activity."""
_NOWHERE: dict[str, Any] = {
    "scheduled_event_id": 0,
    "started_event_id": 0,
    "identity": "",
    "activity_id": "",
    "retry_state": None,
}
"""Of an activity that the server never saw."""


async def light(step: Callable[..., R], args: Sequence[Any], summary: str = "") -> R:
    """The step's result. Raises ActivityError for a refusal, and for a mistake of ours that was tried a few times."""
    try:
        return await workflow.execute_local_activity_method(
            step,
            args=args,
            start_to_close_timeout=queues.LIGHT,
            retry_policy=RetryPolicy(maximum_attempts=1),
            summary=summary or None,
        )
    except (ApplicationError, ActivityError, TimeoutError) as error:
        cause = error.cause if isinstance(error, ActivityError) else error
        if isinstance(cause, ApplicationError) and cause.non_retryable:
            # A local activity's failure comes bare; callers read it from where every other activity has it.
            raise ActivityError("refused", **_NOWHERE, activity_type=step.__name__) from cause
    return await workflow.execute_activity_method(step, args=args, summary=summary or None, **LIGHT)
