"""One candidate, from proposal to record: the one path as a durable workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import failures, queues
    from workflows.activities import CandidateActivities
    from workflows.models import (
        Approval,
        CandidateOutcome,
        CandidateSpec,
        Commit,
        Edit,
        Promotion,
        Proposal,
        Scorecard,
    )
    from workflows.promotion import Promoter

R = TypeVar("R")


@workflow.defn(name="Candidate")
class Candidate:
    """Propose, gate, commit, evaluate, promote, record. A denial is final; our own faults are retried."""

    @workflow.init
    def __init__(self, spec: CandidateSpec) -> None:
        self._spec = spec
        self._promoter = Promoter(spec)

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
                if edit.verdict:
                    card = Scorecard(verdict=edit.verdict, feedback="\n".join(edit.reasons)[:4000])
                else:
                    commit = await self._light(CandidateActivities.commit, spec, edit, proposal)
                    card = await self._heavy(CandidateActivities.evaluate, queues.EVALUATE, spec, edit)
        except ActivityError as error:
            card = Scorecard(verdict=failures.verdict_of(error), feedback=str(error.cause)[:4000])
        if card.verdict == "accepted":
            promotion = await self._promoted(edit, card)
        return await self._light(CandidateActivities.record, spec, proposal, edit, commit, card, promotion)

    @workflow.signal(description="A person's yes, forwarded by the campaign")
    def approve(self, approval: Approval) -> None:
        """See `Promoter.approve`."""
        self._promoter.approve(approval)

    @workflow.signal(description="A person's no, forwarded by the campaign")
    def reject(self, approval: Approval) -> None:
        """See `Promoter.reject`."""
        self._promoter.reject(approval)

    async def _promoted(self, edit: Edit, card: Scorecard) -> Promotion:
        """The answer of the promotion; one that failed for good leaves the candidate accepted and in its place."""
        try:
            return await self._promoter.run(edit, card)
        except ActivityError as error:
            return Promotion(status="refused", reasons=(f"{failures.verdict_of(error)}: {error.cause}"[:500],))

    async def _light(self, step: Callable[..., R], *args: Any) -> R:
        return await workflow.execute_activity_method(
            step,
            args=args,
            task_queue=queues.MAIN,
            start_to_close_timeout=queues.LIGHT,
            retry_policy=queues.INFRASTRUCTURE,
            summary=self._spec.choice.candidate,
        )

    async def _heavy(self, step: Callable[..., R], queue: str, *args: Any) -> R:
        return await workflow.execute_activity_method(
            step,
            args=args,
            task_queue=queue,
            start_to_close_timeout=queues.HEAVY,
            heartbeat_timeout=queues.HEARTBEAT,
            retry_policy=queues.SANDBOX,
            summary=self._spec.choice.candidate,
        )
