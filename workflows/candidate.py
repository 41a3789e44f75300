"""One candidate, from proposal to record: the one path as a durable workflow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import failures, queues
    from workflows.activities import CandidateActivities
    from workflows.holding import Holding, soft_denial
    from workflows.light import light
    from workflows.models import CandidateOutcome, CandidateSpec, Commit, Edit, Promotion, Proposal, Scorecard
    from workflows.people import Approval
    from workflows.promotion import promoted

R = TypeVar("R")
SCREENS = frozenset(("embed", "novelty"))
"""Roles of models that say whether a candidate was tried before."""


@workflow.defn(name="Candidate")
class Candidate:
    """Propose, gate, commit, evaluate, promote, record. A denial is final, a soft one unless a second person overrides
    it; our own faults are retried."""

    @workflow.init
    def __init__(self, spec: CandidateSpec) -> None:
        self._spec = spec
        self._holding = Holding(spec)

    @workflow.run
    async def run(self, spec: CandidateSpec) -> CandidateOutcome:
        """The outcome, after everything about it is recorded."""
        proposal = Proposal()
        edit = Edit()
        commit: Commit | None = None
        promotion: Promotion | None = None
        try:
            proposal = await self._heavy(CandidateActivities.propose, queues.PROPOSE, spec)
            if proposal.verdict:
                card = Scorecard(verdict=proposal.verdict, feedback=proposal.feedback[:4000])
            else:
                edit = await self._light(CandidateActivities.gate_edit, spec, proposal)
                if not edit.verdict and not SCREENS.isdisjoint(spec.choice.roles):
                    edit = await self._heavy(CandidateActivities.screen, queues.PROPOSE, spec, edit)
                if edit.verdict:
                    card = Scorecard(verdict=edit.verdict, feedback="\n".join(edit.reasons)[:4000])
                else:
                    commit = await self._light(CandidateActivities.commit, spec, edit, proposal)
                    queue = queues.EVALUATE
                    if spec.facts.target.devices:
                        queue = queues.gpu(await self._light(CandidateActivities.pick_device, spec))
                    card = await self._heavy(CandidateActivities.evaluate, queue, spec, edit)
        except ActivityError as error:
            card = Scorecard(verdict=failures.verdict_of(error), feedback=str(error.cause)[:4000])
        if card.verdict == "accepted":
            promotion = await promoted(spec, edit, card, self._holding)
        return await self._light(CandidateActivities.record, spec, proposal, edit, commit, card, promotion)

    @workflow.signal(description="A person's yes, forwarded by the campaign")
    def approve(self, approval: Approval) -> None:
        """See `Holding.approve`."""
        self._holding.approve(approval)

    @workflow.signal(description="A person's no, forwarded by the campaign")
    def reject(self, approval: Approval) -> None:
        """See `Holding.reject`."""
        self._holding.reject(approval)

    @workflow.signal(description="An override or an escalation was booked by the campaign")
    def reopen(self) -> None:
        """See `Holding.reopen`."""
        self._holding.reopen()

    async def _overridable(self, step: Callable[[], Awaitable[R]]) -> R:
        """The step's result. Where policy denies it softly, the candidate waits: overridden, the step is done again."""
        while True:
            try:
                return await step()
            except ActivityError as error:
                hold = soft_denial(error)
                if hold is None or await self._holding.wait(hold) is not None:
                    raise

    async def _light(self, step: Callable[..., R], *args: Any) -> R:
        return await self._overridable(lambda: light(step, args, self._spec.choice.candidate))

    async def _heavy(self, step: Callable[..., R], queue: str, *args: Any) -> R:
        async def run() -> R:
            return await workflow.execute_activity_method(
                step,
                args=args,
                task_queue=queue,
                start_to_close_timeout=queues.HEAVY,
                heartbeat_timeout=queues.HEARTBEAT,
                retry_policy=queues.SANDBOX,
                summary=self._spec.choice.candidate,
            )

        return await self._overridable(run)
