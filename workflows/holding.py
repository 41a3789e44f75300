"""One candidate's wait for people: the campaign is told of it, and their answers arrive here."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import queues
    from workflows.activities import CandidateActivities
    from workflows.models import CandidateSpec, Hold
    from workflows.people import EXPIRY, Approval


class Holding:
    """Keeps what people answered. Their answers were checked by policy before they arrive, approvals excepted."""

    def __init__(self, spec: CandidateSpec) -> None:
        self._spec = spec
        self.approvals: list[Approval] = []
        self._rejected: Approval | None = None
        self._news = False

    def approve(self, approval: Approval) -> None:
        """A person's yes; who may say it is for policy to judge."""
        self.approvals.append(approval)
        self._news = True

    def reject(self, approval: Approval) -> None:
        """A person's no ends the hold."""
        self._rejected = approval
        self._news = True

    def reopen(self) -> None:
        """An override or an escalation was booked: what was asked has to be asked again."""
        self._news = True

    async def wait(self, hold: Hold) -> Approval | None:
        """None once it is worth to ask again; else the rejection, by a person or by the expiry, already recorded."""
        campaign = workflow.get_external_workflow_handle(self._spec.campaign)
        await campaign.signal("held", hold)
        if not await self._news_before(hold.expires):
            self._rejected = Approval(
                candidate=hold.candidate, by=EXPIRY, reason="nobody answered before the hold expired"
            )
        if hold.kind == "override":  # the step goes on, or ends; a hold for approvals is open until it is decided
            await campaign.signal("released", hold.candidate)
        if self._rejected is not None:
            await workflow.execute_activity_method(
                CandidateActivities.reject,
                args=[self._spec, self._rejected],
                task_queue=queues.MAIN,
                start_to_close_timeout=queues.LIGHT,
                retry_policy=queues.INFRASTRUCTURE,
            )
        return self._rejected

    async def _news_before(self, expires: float) -> bool:
        remaining = expires - workflow.time()
        if remaining <= 0 and not self._news:
            return False
        try:
            await workflow.wait_condition(lambda: self._news, timeout=max(remaining, 0.001))
        except TimeoutError:
            return False
        self._news = False
        return True


def soft_denial(error: ActivityError) -> Hold | None:
    """The hold that a step's refusal asks for, when an override could lift it."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "HeldError" and len(cause.details) > 1:
        return Hold.model_validate(cause.details[1])
    return None
