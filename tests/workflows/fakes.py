"""Ports that answer from a script, for tests of the durable decisions alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from temporalio import activity

from workflows.genome import GenomeMove
from workflows.models import (
    CampaignFacts,
    CampaignSpec,
    CandidateOutcome,
    CandidateSpec,
    Choice,
    Commit,
    Edit,
    Hold,
    Progress,
    Promotion,
    Proposal,
    Scorecard,
    StopAnswer,
    StopQuestion,
    TargetFacts,
)
from workflows.outside import Submission
from workflows.people import Approval, BudgetExtension, Escalation, Note, Override
from workflows.ports import HeldError, HoldAction, InfrastructureError, RefusedError
from workflows.quarantine import QuarantineAsked, Quarantined
from workflows.replay import Judged, ReplayAsked, Replayed
from workflows.reports import CampaignReport


class FakePorts:
    """Both ports. `verdict` maps a candidate number to its verdict; `pace` is seconds an evaluation takes."""

    def __init__(self, verdict: Callable[[int], str] = lambda number: "failed:no-gain", pace: float = 0.0) -> None:
        self.verdict = verdict
        self.pace = pace
        self.holds: set[int] = set()
        self.soft: set[int] = set()
        self.hold_seconds = 60.0
        self.lock = threading.Lock()  # protects what the test reads below
        self.recorded: list[str] = []
        self.promoted: list[str] = []
        self.rejected: list[Approval] = []
        self.screened: list[str] = []
        self.twins: set[int] = set()
        self.notes: list[str] = []
        self.failures: dict[str, int] = {}
        self.bugs: dict[str, Exception] = {}
        self.attempts: dict[str, int] = {}
        self.refuse_extension = ""
        self.answers: list[tuple[str, str]] = []
        self.most_in_flight: int | None = None
        self.gpus: tuple[str, ...] = ()  # each candidate is measured on the one that its number chooses
        self.measured: list[tuple[str, float, float]] = []  # queue, start, end

    # -- CampaignPort --------------------------------------------------------------------------------------------

    def open(self, campaign: str, spec: CampaignSpec) -> CampaignFacts:
        if spec.target != "matmul":
            raise RefusedError("TARGET", f"unknown target {spec.target!r}; there are: matmul")
        return CampaignFacts(
            campaign=campaign,
            target=TargetFacts(
                name="matmul",
                kind="kernel",
                metric="seconds",
                metric_kind="time",
                manifest="m",
                devices=("rocm",) * bool(self.gpus),
            ),
            seed_candidate=f"{campaign}-c0",
            image="sha256:0",
            policy_revision="r",
            genome="g",
            patience=spec.patience or 99,
            caps={},
        )

    def choose(
        self, spec: CampaignSpec, facts: CampaignFacts, number: int, submission: Submission | None = None
    ) -> Choice:
        self._maybe_fail("choose")
        return Choice(
            number=number,
            candidate=f"{facts.campaign}-c{number}",
            parent=submission.parent if submission else facts.seed_candidate,
            model=spec.model,
            seed=number,
            submitted=submission.bundle if submission else "",
            roles={str(role): model for role, model in spec.roles.items()},
        )

    def receive(self, campaign: str, submission: Submission) -> None:
        if submission.parent not in (f"{campaign}-c0", *self.recorded):
            raise RefusedError("PARENT", f"{submission.parent} is no parent")

    def stop(self, question: StopQuestion) -> StopAnswer:
        self._maybe_fail("stop")
        progress = question.progress
        if progress.next_number > question.spec.candidates:
            return StopAnswer(stop=True, reason="candidates")
        if progress.since_accepted >= question.facts.patience:
            return StopAnswer(stop=True, reason="patience")
        return StopAnswer(stop=False, in_flight=self.most_in_flight)

    def extend(self, campaign: str, extension: BudgetExtension) -> dict[str, int]:
        if self.refuse_extension:
            raise RefusedError("BUDGET-EXTEND", self.refuse_extension)
        return {str(name): amount for name, amount in extension.add.amounts().items()}

    def answer(self, campaign: str, hold: Hold, action: HoldAction, given: Override | Escalation | Approval) -> str:
        if given.signature != "good":
            raise RefusedError("OVERRIDE-UNSIGNED", f"not signed by {given.by}")
        with self.lock:
            self.answers.append((action, hold.candidate))
        return f"{hold.candidate}: {action} by {given.by}"

    def note(self, campaign: str, note: Note) -> None:
        self.notes.append(note.text)

    def close(self, spec: CampaignSpec, facts: CampaignFacts, progress: Progress) -> CampaignReport:
        return CampaignReport(
            campaign=facts.campaign,
            target=spec.target,
            status=f"stopped:{progress.stopping}",
            decided=progress.decided,
            verdicts=progress.verdicts,
            champion=progress.champion,
        )

    # -- CandidatePort -------------------------------------------------------------------------------------------

    def _maybe_fail(self, step: str) -> None:
        if error := self.bugs.get(step):
            self.attempts[step] = self.attempts.get(step, 0) + 1
            raise error
        with self.lock:
            left = self.failures.get(step, 0)
            self.failures[step] = left - 1
        if left > 0:
            raise InfrastructureError(f"{step}: down")

    def propose(self, spec: CandidateSpec) -> Proposal:
        self._maybe_fail("propose")
        verdict = self.verdict(spec.choice.number)
        return Proposal(verdict=verdict) if verdict.startswith("killed") else Proposal(bundle="b" * 64)

    def hold(self, candidate: str, kind: Literal["approval", "override"]) -> Hold:
        now = time.time()
        return Hold(
            candidate=candidate,
            kind=kind,
            reasons=("policy asks for people",),
            statement="{}",
            approvals_needed=1 if kind == "approval" else 0,
            codes=() if kind == "approval" else ("EDIT-SIZE",),
            since=now,
            expires=now + self.hold_seconds,
        )

    def gate(self, spec: CandidateSpec, proposal: Proposal) -> Edit:
        candidate = spec.choice.candidate
        if spec.choice.number in self.soft and not any(one == ("override", candidate) for one in self.answers):
            raise HeldError("EDIT-SIZE", "too large", self.hold(candidate, "override"))
        verdict = self.verdict(spec.choice.number)
        return Edit(verdict=verdict) if verdict.startswith("denied") else Edit(tree="t")

    def screen(self, spec: CandidateSpec, edit: Edit) -> Edit:
        with self.lock:
            self.screened.append(spec.choice.candidate)
        return edit.model_copy(update={"verdict": "failed:duplicate"}) if spec.choice.number in self.twins else edit

    def commit(self, spec: CandidateSpec, edit: Edit, proposal: Proposal) -> Commit:
        return Commit(commit="c", ref="r")

    def device(self, spec: CandidateSpec) -> str:
        return self.gpus[spec.choice.number % len(self.gpus)] if self.gpus else ""

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        self._maybe_fail("evaluate")
        started = time.monotonic()
        time.sleep(self.pace)
        with self.lock:
            self.measured.append((activity.info().task_queue, started, time.monotonic()))
        return Scorecard(verdict=self.verdict(spec.choice.number), score=float(spec.choice.number))

    def promote(self, spec: CandidateSpec, edit: Edit, card: Scorecard, approvals: list[Approval]) -> Promotion:
        self._maybe_fail("promote")
        if spec.choice.number in self.holds and not any(one.signature == "good" for one in approvals):
            return Promotion(status="hold", hold=self.hold(spec.choice.candidate, "approval"))
        with self.lock:
            self.promoted.append(spec.choice.candidate)
        return Promotion(status="promoted")

    def confirm(self, asked: QuarantineAsked) -> Quarantined:
        raise RefusedError("QUARANTINE", "nothing is in the archive")

    def reevaluate(self, name: str, candidate: str) -> str:
        raise RefusedError("QUARANTINE", "nothing is in the archive")

    def replay(self, name: str, asked: ReplayAsked) -> Replayed:
        self._maybe_fail("replay")
        judged = Judged(verdict=self.verdict(1), gain=0.1, low=0.05, high=0.15, pairs=8)
        return Replayed(candidate=asked.candidate, recorded=judged, again=judged, same_verdict=True, within=True)

    def move(self, asked: GenomeMove) -> str:
        return f"{asked.action} {asked.candidate}"

    def reject(self, spec: CandidateSpec, approval: Approval) -> None:
        self.rejected.append(approval)

    def record(
        self,
        spec: CandidateSpec,
        proposal: Proposal,
        edit: Edit,
        commit: Commit | None,
        card: Scorecard,
        promotion: Promotion | None,
    ) -> CandidateOutcome:
        self._maybe_fail("record")
        with self.lock:
            self.recorded.append(spec.choice.candidate)
        return CandidateOutcome(
            number=spec.choice.number,
            candidate=spec.choice.candidate,
            parent=spec.choice.parent,
            verdict=card.verdict,
            score=card.score,
            promoted=promotion is not None and promotion.status == "promoted",
            ancestry=(spec.choice.parent,),
        )
