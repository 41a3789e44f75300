"""From an accepted candidate to the promoted version, by way of a person where policy asks for one."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import queues
    from workflows.activities import CandidateActivities
    from workflows.models import Approval, CandidateSpec, Edit, Hold, Promotion, Scorecard

EXPIRY = "expiry"
"""Stands as the `by` of a rejection that no person made: nobody answered in time."""


class Promoter:
    """Asks for promotion until the answer is final; while policy wants approvals, keeps a hold open."""

    def __init__(self, spec: CandidateSpec) -> None:
        self._spec = spec
        self._approvals: list[Approval] = []
        self._rejected: Approval | None = None
        self._news = False

    def approve(self, approval: Approval) -> None:
        """A person's yes; who may say it is for policy to judge."""
        self._approvals.append(approval)
        self._news = True

    def reject(self, approval: Approval) -> None:
        """A person's no ends the hold."""
        self._rejected = approval
        self._news = True

    async def run(self, edit: Edit, card: Scorecard) -> Promotion:
        """The final answer. A hold that expires counts as no."""
        while True:
            answer = await workflow.execute_activity_method(
                CandidateActivities.promote,
                args=[self._spec, edit, card, self._approvals],
                task_queue=queues.EVALUATE,
                start_to_close_timeout=queues.HEAVY,
                heartbeat_timeout=queues.HEARTBEAT,
                retry_policy=queues.INFRASTRUCTURE,
                summary=self._spec.choice.candidate,
            )
            if answer.status != "hold":
                return answer
            await self._tell_campaign(answer)
            if not await self._wait(answer.expires):
                self._rejected = Approval(
                    candidate=self._spec.choice.candidate, by=EXPIRY, reason="nobody answered before the hold expired"
                )
            if self._rejected is not None:
                return await self._refuse(self._rejected)

    async def _wait(self, expires: float) -> bool:
        """True when a person spoke, False when the hold expired."""
        remaining = expires - workflow.time()
        if remaining <= 0 and not self._news:
            return False
        try:
            await workflow.wait_condition(lambda: self._news, timeout=max(remaining, 0.001))
        except TimeoutError:
            return False
        self._news = False
        return True

    async def _tell_campaign(self, answer: Promotion) -> None:
        hold = Hold(
            candidate=self._spec.choice.candidate,
            reasons=answer.reasons,
            statement=answer.statement,
            approvals_needed=answer.approvals,
            since=workflow.time(),
            expires=answer.expires,
        )
        campaign = workflow.get_external_workflow_handle(self._spec.campaign)
        await campaign.signal("held", hold)

    async def _refuse(self, rejection: Approval) -> Promotion:
        await workflow.execute_activity_method(
            CandidateActivities.reject,
            args=[self._spec, rejection],
            task_queue=queues.MAIN,
            start_to_close_timeout=queues.LIGHT,
            retry_policy=queues.INFRASTRUCTURE,
        )
        word = "the hold expired" if rejection.by == EXPIRY else f"rejected by {rejection.by}"
        return Promotion(status="refused", reasons=(f"{word}: {rejection.reason or 'no reason given'}",))
