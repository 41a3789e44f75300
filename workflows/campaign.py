"""One campaign: keeps candidates in flight until the gate says stop, and answers people meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from workflows import failures, queues, views
    from workflows.activities import CampaignActivities
    from workflows.candidate import Candidate
    from workflows.light import LIGHT, light
    from workflows.models import (
        AccountLine,
        CampaignFacts,
        CampaignSpec,
        CandidateOutcome,
        CandidateSpec,
        Carried,
        Choice,
        Hold,
        Progress,
        StopAnswer,
        StopQuestion,
    )
    from workflows.outside import OUTSIDE, Submission, objection
    from workflows.people import Approval, BudgetExtension, Escalation, Note, Override
    from workflows.reports import CampaignReport
    from workflows.runs import long_enough

HEAVY: dict[str, Any] = {
    "task_queue": queues.EVALUATE,
    "start_to_close_timeout": queues.HEAVY,
    "heartbeat_timeout": queues.HEARTBEAT,
    "retry_policy": queues.INFRASTRUCTURE,
}


@workflow.defn(name="Campaign")
class Campaign:
    """A durable evolution run over one target."""

    @workflow.init
    def __init__(self, spec: CampaignSpec) -> None:
        carried = spec.carried
        self._spec = spec.model_copy(update={"carried": None})
        self._id = workflow.info().workflow_id
        self._facts: CampaignFacts | None = carried.facts if carried else None
        self._progress = carried.progress if carried else Progress(started=workflow.time())
        self._running: set[str] = set()
        self._holds: dict[str, Hold] = {}
        self._report: CampaignReport | None = None
        self._most_in_flight = self._spec.in_flight
        self._shown: tuple[str, float] | None = None

    # -- the loop ------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, spec: CampaignSpec) -> CampaignReport:
        """Run to a stop decision; the report is measured on the sealed cases."""
        if spec.carried is not None and workflow.info().continued_run_id is None:
            raise ApplicationError("field 'carried' is set by the daemon itself; leave it out", non_retryable=True)
        if self._facts is None:
            try:
                self._facts = await workflow.execute_activity_method(
                    CampaignActivities.open_campaign, args=[self._id, self._spec], **HEAVY
                )
            except ActivityError as error:
                raise ApplicationError(str(error.cause), type="CampaignRefused", non_retryable=True) from error
            lines = {str(account): AccountLine(cap=cap) for account, cap in self._facts.caps.items()}
            seed = self._facts.seed_candidate
            self._update(champion=seed, best=seed, accounts=lines)
        followers: set[asyncio.Task[None]] = set()
        while not self._progress.stopping:
            if long_enough():
                break
            await workflow.wait_condition(lambda: self._free() or bool(self._progress.stopping))
            if self._progress.stopping:
                break
            choice = await self._next()
            if choice is None:
                continue
            # Paused in just that moment: it has its place and waits there.
            await workflow.wait_condition(lambda: not self._progress.paused or bool(self._progress.stopping))
            followers.add(await self._start(choice))
            followers = {task for task in followers if not task.done()}
        await self._drain(followers)
        if not self._progress.stopping:
            await workflow.wait_condition(workflow.all_handlers_finished)
            carried = Carried(facts=self._facts, progress=self._progress)
            workflow.continue_as_new(self._spec.model_copy(update={"carried": carried}))
        return await self._close()

    def _free(self) -> bool:
        """A held candidate waits for a person and takes no slot. Without a model, somebody has to hand one in first."""
        if self._spec.model == OUTSIDE and not self._progress.inbox and self._progress.decided < self._spec.candidates:
            return False
        return not self._progress.paused and len(self._running) - len(self._holds) < self._most_in_flight

    async def _next(self) -> Choice | None:
        """The next candidate's parent and model, or None when there is (for now) nothing to start."""
        facts = self._require_facts()
        question = StopQuestion(
            campaign=self._id,
            spec=self._spec,
            facts=facts,
            progress=self._progress,
            wall_seconds=workflow.time() - self._progress.started,
        )
        try:
            answer: StopAnswer = await light(CampaignActivities.check_stop, [question])
        except ActivityError as error:
            self._stop(failures.rule_of(error, "stop"), str(error.cause))
            return None
        self._update(accounts=answer.accounts or self._progress.accounts)
        # Policy may have been narrowed since the start; those already under way go on.
        self._most_in_flight = min(self._spec.in_flight, max(answer.in_flight or self._spec.in_flight, 1))
        if not self._free():
            return None
        if answer.stop:
            self._stop(answer.reason, answer.detail)
            return None
        if self._progress.paused or self._progress.stopping:
            return None
        number = self._progress.next_number
        inbox = self._progress.inbox
        try:
            choice = await light(CampaignActivities.choose, [self._spec, facts, number, inbox[0] if inbox else None])
        except ActivityError as error:
            await self._out_of(failures.rule_of(error, "choose"), str(error.cause))
            return None
        self._update(next_number=number + 1, inbox=self._progress.inbox[1:])
        return choice

    async def _out_of(self, rule: str, detail: str) -> None:
        """Stop by `rule`. While others hold reservations, a budget is not used up yet: wait for one of them first."""
        busy = len(self._running) - len(self._holds)
        if rule.startswith(failures.BUDGET) and busy > 0:
            await workflow.wait_condition(
                lambda: len(self._running) - len(self._holds) < busy or bool(self._progress.stopping)
            )
            return
        self._stop(rule, detail)

    async def _start(self, choice: Choice) -> asyncio.Task[None]:
        spec = CandidateSpec(campaign=self._id, choice=choice, facts=self._require_facts())
        self._running.add(choice.candidate)  # from here on: nobody is told that nothing is in flight while it starts
        handle = await workflow.start_child_workflow(
            Candidate.run, spec, id=choice.candidate, task_queue=queues.MAIN, static_summary=f"parent {choice.parent}"
        )
        self._show()

        async def follow() -> None:
            try:
                outcome = await handle
            except ChildWorkflowError as error:
                # A person terminated it, or it was broken beyond retry: count it, lose nothing, go on.
                outcome = CandidateOutcome(
                    number=choice.number,
                    candidate=choice.candidate,
                    parent=choice.parent,
                    verdict=failures.verdict_of_broken(error),
                    reasons=(str(error.cause or error)[:500],),
                )
            self._running.discard(choice.candidate)
            self._holds.pop(choice.candidate, None)
            self._progress = views.counted(self._progress, outcome)
            if rule := failures.budget_of(outcome.verdict):
                self._stop(rule)
            self._show()

        return asyncio.create_task(follow())

    async def _drain(self, followers: set[asyncio.Task[None]]) -> None:
        """Wait for those in flight; a stop lets them end, with what they cost already paid."""
        if followers:
            await asyncio.gather(*followers)

    async def _close(self) -> CampaignReport:
        report: CampaignReport = await workflow.execute_activity_method(
            CampaignActivities.close_campaign, args=[self._spec, self._require_facts(), self._progress], **HEAVY
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        self._report = report
        self._show()
        workflow.set_current_details(views.closing_page(report))
        return report

    # -- small state changes -------------------------------------------------------------------------------------

    def _require_facts(self) -> CampaignFacts:
        if self._facts is None:
            raise ApplicationError("the campaign has not been opened yet; ask again in a moment")
        return self._facts

    def _update(self, **changes: Any) -> None:
        self._progress = self._progress.model_copy(update=changes)

    def _stop(self, reason: str, detail: str = "") -> None:
        if not self._progress.stopping:
            self._update(stopping=reason, stopping_detail=detail[:500])
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(views.live_page(self._status()))
        shown = (views.state_word(self._status()), self._progress.best_score or 0.0)
        if self._facts is not None and self._facts.search_attributes and shown != self._shown:
            self._shown = shown  # each upsert is an event in the history and a write of the server's
            workflow.upsert_search_attributes(
                [
                    SearchAttributeKey.for_keyword("RatchetTarget").value_set(self._spec.target),
                    SearchAttributeKey.for_keyword("RatchetStatus").value_set(shown[0]),
                    SearchAttributeKey.for_float("RatchetBest").value_set(shown[1]),
                ]
            )

    def _status(self) -> dict[str, Any]:
        running, now = len(self._running), workflow.time()
        status = views.status(self._id, self._spec, self._facts, self._progress, running, self._holds, now)
        return status if self._report is None else status | views.ended(self._report)

    # -- queries -------------------------------------------------------------------------------------------------

    @workflow.query(description="Counts, best score, spend, forecast and holds")
    def status(self) -> dict[str, Any]:
        """See `views.status`."""
        return self._status()

    @workflow.query(description="The ten best candidates so far, best first")
    def leaderboard(self) -> dict[str, Any]:
        """Count and rows, so that an empty board is not a bare null."""
        rows = [row.model_dump() for row in self._progress.leaders]
        return {"count": len(rows), "rows": rows}

    @workflow.query(description="The best candidate's ancestors, nearest first, back to the seed")
    def lineage(self) -> dict[str, Any]:
        """Count and ids."""
        ids = next(
            ([row.candidate, *row.ancestry] for row in self._progress.leaders if row.candidate == self._progress.best),
            [self._progress.best] if self._progress.best else [],
        )
        return {"count": len(ids), "candidates": ids}

    @workflow.query(description="Candidates that wait for a person, with age and expiry")
    def holds(self) -> dict[str, Any]:
        """Count and rows; `statement` is what an approver signs."""
        return {"count": len(self._holds), "rows": views.hold_rows(self._holds, workflow.time())}

    # -- signals (no arguments: a signal that does not decode is dropped silently) -------------------------------

    @workflow.signal(description="Start no further candidate; finish those in flight; measure; report")
    def stop(self) -> None:
        """Asked for by a person."""
        self._stop("requested")

    @workflow.signal(description="Start no further candidate until `resume`")
    def pause(self) -> None:
        """Asked for by a person."""
        self._update(paused=True)
        self._show()

    @workflow.signal(description="Go on after `pause`")
    def resume(self) -> None:
        """Asked for by a person."""
        self._update(paused=False)
        self._show()

    @workflow.signal(description="(internal) a candidate waits for a person")
    def held(self, hold: Hold) -> None:
        """Sent by the candidate's own workflow."""
        if hold.candidate in self._running:
            self._holds[hold.candidate] = hold
            self._show()

    @workflow.signal(description="(internal) a candidate waits no more")
    def released(self, candidate: str) -> None:
        """Sent by the candidate's own workflow."""
        if self._holds.pop(candidate, None) is not None:
            self._show()

    # -- updates (checked before they are accepted) --------------------------------------------------------------

    @workflow.update(description="Approve a held candidate: {candidate, by, signature, reason}")
    async def approve(self, approval: Approval) -> str:
        """Forward a yes; whether it counts is for policy to judge."""
        await workflow.get_external_workflow_handle(approval.candidate).signal(Candidate.approve, approval)
        return f"approval of {approval.candidate} by {approval.by} passed on; policy decides whether it counts"

    @approve.validator
    def _check_approve(self, approval: Approval) -> None:
        self._check_hold(approval, "approval", "needs an override, not an approval")

    @workflow.update(description="Reject a held candidate: {candidate, by, signature, reason}")
    async def reject(self, approval: Approval) -> str:
        """Forward a no, once its signature is checked."""
        told = await self._answered(CampaignActivities.reject_hold, approval)
        await workflow.get_external_workflow_handle(approval.candidate).signal(Candidate.reject, approval)
        return told

    @reject.validator
    def _check_reject(self, approval: Approval) -> None:
        self._check_hold(approval)

    @workflow.update(description="Let a softly denied candidate pass: {candidate, by, signature, reason, until}")
    async def override(self, given: Override) -> str:
        """Book an override that policy permits; then what was denied is asked again."""
        told = await self._answered(CampaignActivities.override_hold, given)
        await workflow.get_external_workflow_handle(given.candidate).signal(Candidate.reopen)
        return told

    @override.validator
    def _check_override(self, given: Override) -> None:
        self._check_hold(given, "override", "needs an approval, not an override")

    @workflow.update(
        description="Ask more of a hold: {candidate, by, signature, reason, approvals, role, prolong_seconds}"
    )
    async def escalate(self, given: Escalation) -> str:
        """Book an escalation that policy permits; the hold then shows what it asks for."""
        told = await self._answered(CampaignActivities.escalate_hold, given)
        await workflow.get_external_workflow_handle(given.candidate).signal(Candidate.reopen)
        return told

    @escalate.validator
    def _check_escalate(self, given: Escalation) -> None:
        self._check_hold(given, "approval", "needs an override; only what waits for approvals can be escalated")

    def _check_hold(self, given: Approval, kind: str = "", otherwise: str = "") -> None:
        hold = self._holds.get(given.candidate)
        if hold is None:
            waiting = ", ".join(sorted(self._holds)) or "none"
            raise ApplicationError(f"{given.candidate!r} does not wait for a person (waiting: {waiting})")
        if kind and hold.kind != kind:
            raise ApplicationError(f"{given.candidate} {otherwise}")

    async def _answered(self, step: Callable[..., str], given: Approval) -> str:
        hold = self._holds[given.candidate]
        try:
            return await workflow.execute_activity_method(step, args=[self._id, hold, given], **LIGHT)
        except ActivityError as error:
            raise ApplicationError(str(error.cause), type="Refused", non_retryable=True) from error

    @workflow.update(description="Raise caps: {add: {usd, tokens, ...}, by, reason}")
    async def extend_budget(self, extension: BudgetExtension) -> dict[str, int]:
        """The new caps, in ledger units."""
        try:
            return await workflow.execute_activity_method(
                CampaignActivities.extend_budget, args=[self._id, extension], **LIGHT
            )
        except ActivityError as error:
            raise ApplicationError(str(error.cause), type="Refused", non_retryable=True) from error

    @extend_budget.validator
    def _check_extend_budget(self, extension: BudgetExtension) -> None:
        if not any(extension.add.amounts().values()):
            raise ApplicationError("nothing to add: give at least one amount above zero, for example add.usd")

    @workflow.update(description="Hand in a candidate made outside: {parent, bundle, by}; the answer is its id")
    async def submit(self, submission: Submission) -> str:
        """See `workflows/outside.py`. Its verdict comes later: in the leaderboard, or by `ratchet candidate show`."""
        try:
            await workflow.execute_activity_method(CampaignActivities.receive, args=[self._id, submission], **LIGHT)
        except ActivityError as error:
            raise ApplicationError(str(error.cause), type="Refused", non_retryable=True) from error
        self._check_submit(submission)  # others may have come while this one was looked at
        self._update(inbox=(*self._progress.inbox, submission))
        return f"{self._id}-c{self._progress.next_number + len(self._progress.inbox) - 1}"

    @submit.validator
    def _check_submit(self, submission: Submission) -> None:
        progress = self._progress
        begun, waiting = progress.next_number - 1, len(progress.inbox)
        if why := objection(self._spec.model, progress.stopping, begun, waiting, self._spec.candidates):
            raise ApplicationError(why, type="Refused", non_retryable=True)
        self._require_facts()

    @workflow.update(description="Keep a note with the campaign or a candidate: {text, by, candidate}")
    async def note(self, note: Note) -> str:
        """Kept in the archive; the newest ones show in `status`."""
        await workflow.execute_activity_method(CampaignActivities.keep_note, args=[self._id, note], **LIGHT)
        line = f"{note.by or 'someone'}{' on ' + note.candidate if note.candidate else ''}: {note.text}"
        self._update(notes=(*self._progress.notes, line)[-20:])
        return "noted"
