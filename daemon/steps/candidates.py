"""All arrows of the one path behind one port."""

from __future__ import annotations

from daemon.house import House
from daemon.steps import edits, promote, record
from daemon.steps.evaluate import evaluate
from daemon.steps.propose import propose
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


class CandidateSteps:
    """See `workflows.ports.CandidatePort`."""

    def __init__(self, house: House) -> None:
        self._house = house

    def propose(self, spec: CandidateSpec) -> Proposal:
        """See `propose.propose`."""
        with self._house.metrics.step("propose"):
            return propose(self._house, spec)

    def gate(self, spec: CandidateSpec, proposal: Proposal) -> Edit:
        """See `edits.gate`."""
        with self._house.metrics.step("gate"):
            return edits.gate(self._house, spec, proposal)

    def commit(self, spec: CandidateSpec, edit: Edit, proposal: Proposal) -> Commit:
        """See `edits.commit`."""
        with self._house.metrics.step("commit"):
            return edits.commit(self._house, spec, edit, proposal)

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        """See `evaluate.evaluate`."""
        with self._house.metrics.step("evaluate"):
            return evaluate(self._house, spec, edit)

    def promote(self, spec: CandidateSpec, edit: Edit, card: Scorecard, approvals: list[Approval]) -> Promotion:
        """See `promote.promote`."""
        with self._house.metrics.step("promote"):
            return promote.promote(self._house, spec, edit, card, approvals)

    def reject(self, spec: CandidateSpec, approval: Approval) -> None:
        """See `promote.reject`."""
        promote.reject(self._house, spec, approval)

    def record(
        self,
        spec: CandidateSpec,
        proposal: Proposal,
        edit: Edit,
        commit: Commit | None,
        card: Scorecard,
        promotion: Promotion | None,
    ) -> CandidateOutcome:
        """See `record.record`."""
        with self._house.metrics.step("record"):
            return record.record(self._house, spec, proposal, edit, commit, card, promotion)
