"""From an accepted candidate to the promoted version, by way of a person where policy asks for one."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import failures, queues
    from workflows.activities import CandidateActivities
    from workflows.holding import Holding, soft_denial
    from workflows.models import CandidateSpec, Edit, Promotion, Scorecard
    from workflows.people import EXPIRY


async def promoted(spec: CandidateSpec, edit: Edit, card: Scorecard, holding: Holding) -> Promotion:
    """The final answer: asked until there is one, with a hold open while policy wants people. Expiry counts as no."""
    while True:
        try:
            answer = await _asked(spec, edit, card, holding)
        except ActivityError as error:
            # A soft denial waits for an override; every other refusal is final, and what was accepted stays so.
            hold = soft_denial(error)
            if hold is None or await holding.wait(hold) is not None:
                return Promotion(status="refused", reasons=(f"{failures.verdict_of(error)}: {error.cause}"[:500],))
            continue
        if answer.hold is None:
            return answer
        rejection = await holding.wait(answer.hold)
        if rejection is not None:
            word = "the hold expired" if rejection.by == EXPIRY else f"rejected by {rejection.by}"
            return Promotion(status="refused", reasons=(f"{word}: {rejection.reason or 'no reason given'}",))


async def _asked(spec: CandidateSpec, edit: Edit, card: Scorecard, holding: Holding) -> Promotion:
    return await workflow.execute_activity_method(
        CandidateActivities.promote,
        args=[spec, edit, card, holding.approvals],
        task_queue=queues.EVALUATE,
        start_to_close_timeout=queues.HEAVY,
        heartbeat_timeout=queues.HEARTBEAT,
        retry_policy=queues.INFRASTRUCTURE,
        summary=spec.choice.candidate,
    )
