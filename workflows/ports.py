"""What the activities need from the rest of the house, as Protocols: the seam for fakes.

Every method is blocking (activities run them in threads), is idempotent for one key (campaign or candidate id), and
raises `InfrastructureError` when the fault is ours (Docker, OPA or the disk), which Temporal retries.
"""

from __future__ import annotations

from typing import Literal, Protocol

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
)
from workflows.outside import Submission
from workflows.people import Approval, BudgetExtension, Escalation, Note, Override
from workflows.reports import CampaignReport

HoldAction = Literal["override", "escalate", "reject"]
"""Answers to a hold, besides the approval."""


class InfrastructureError(Exception):
    """Our own fault: retried, never held against a candidate. The message starts with the part that failed."""


class RefusedError(Exception):
    """A final no (bad input, policy, budget): never retried. `rule` names what refused."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class HeldError(RefusedError):
    """A soft no: final, unless a second person overrides it for this candidate before the hold expires."""

    def __init__(self, rule: str, message: str, hold: Hold) -> None:
        super().__init__(rule, message)
        self.hold = hold


class CampaignPort(Protocol):
    """The steps around a campaign."""

    def open(self, campaign: str, spec: CampaignSpec) -> CampaignFacts:
        """Check target, image, policy and budget; record the seed. Raises RefusedError before anything is spent."""

    def choose(
        self, spec: CampaignSpec, facts: CampaignFacts, number: int, submission: Submission | None = None
    ) -> Choice:
        """Parent, model and seed for candidate `number`; the same answer when asked twice.

        With a submission, that is the candidate. Raises RefusedError when the budget has no room for it.
        """

    def receive(self, campaign: str, submission: Submission) -> None:
        """Look at what was handed in, and record who did. Raises RefusedError for what cannot become a candidate."""

    def stop(self, question: StopQuestion) -> StopAnswer:
        """Ask the gate whether another candidate may start."""

    def extend(self, campaign: str, extension: BudgetExtension) -> dict[str, int]:
        """Raise caps; returns the new ones. Raises RefusedError when policy says no."""

    def answer(self, campaign: str, hold: Hold, action: HoldAction, given: Override | Escalation | Approval) -> str:
        """Book a signed answer to a hold (override, escalation, rejection). Raises RefusedError when policy says no."""

    def note(self, campaign: str, note: Note) -> None:
        """Keep a person's note in the archive and the audit log."""

    def close(self, spec: CampaignSpec, facts: CampaignFacts, progress: Progress) -> CampaignReport:
        """Measure the champion against the seed on the sealed cases, release what is held, and report."""


class CandidatePort(Protocol):
    """The arrows of the one path, in order."""

    def propose(self, spec: CandidateSpec) -> Proposal:
        """Run the agent in a runner container on a copy of the parent tree."""

    def gate(self, spec: CandidateSpec, proposal: Proposal) -> Edit:
        """Canonicalise, screen, and ask the decision `edit`."""

    def screen(self, spec: CandidateSpec, edit: Edit) -> Edit:
        """Where the campaign names models for it: reject what they take for an earlier candidate."""

    def commit(self, spec: CandidateSpec, edit: Edit, proposal: Proposal) -> Commit:
        """Tree to archive; refs/ratchet/<campaign>/<n>."""

    def device(self, spec: CandidateSpec) -> str:
        """The GPU whose queue the measurement should wait in; empty when the host has none for it."""

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        """Build, check, measure against the parent; accept by e-process; keep the scorecard in the archive."""

    def promote(self, spec: CandidateSpec, edit: Edit, card: Scorecard, approvals: list[Approval]) -> Promotion:
        """Ask the decision `promote`; when permitted re-measure on the sealed cases and move the pointer."""

    def reject(self, spec: CandidateSpec, approval: Approval) -> None:
        """A person (or the expiry, with `by` = `expiry`) said no to a hold."""

    def record(
        self,
        spec: CandidateSpec,
        proposal: Proposal,
        edit: Edit,
        commit: Commit | None,
        card: Scorecard,
        promotion: Promotion | None,
    ) -> CandidateOutcome:
        """Archive row, ledger, audit, metrics. The last arrow; everything before it may run twice."""
