"""All arrows of the one path behind one port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daemon.genomes import promoting, scoring
from daemon.house import House
from daemon.steps import edits, holds, promote, record, screening
from daemon.steps.device import device_for
from daemon.steps.evaluate import evaluate
from daemon.steps.propose import propose
from daemon.steps.reviewing import reviewed
from workflows.models import CandidateOutcome, CandidateSpec, Commit, Edit, Promotion, Proposal, Scorecard
from workflows.people import Approval
from workflows.ports import HeldError, InfrastructureError


class CandidateSteps:
    """See `workflows.ports.CandidatePort`."""

    def __init__(self, house: House) -> None:
        self._house = house

    @contextmanager
    def _step(self, name: str, spec: CandidateSpec) -> Iterator[None]:
        """Time a step; count it when the fault is ours; write down where a soft denial makes the candidate wait."""
        with self._house.metrics.step(name):
            try:
                yield
            except HeldError as error:
                holds.show(self._house, spec.campaign, error.hold)
                raise
            except InfrastructureError as error:
                self._house.metrics.infrastructure_error(error)
                raise

    def propose(self, spec: CandidateSpec) -> Proposal:
        """See `propose.propose`."""
        with self._step("propose", spec):
            return propose(self._house, spec)

    def gate(self, spec: CandidateSpec, proposal: Proposal) -> Edit:
        """See `edits.gate`."""
        with self._step("gate", spec):
            return edits.gate(self._house, spec, proposal)

    def screen(self, spec: CandidateSpec, edit: Edit) -> Edit:
        """See `screening.screen`."""
        with self._step("screen", spec):
            return screening.screen(self._house, spec, edit)

    def commit(self, spec: CandidateSpec, edit: Edit, proposal: Proposal) -> Commit:
        """See `edits.commit`."""
        with self._step("commit", spec):
            return edits.commit(self._house, spec, edit, proposal)

    def device(self, spec: CandidateSpec) -> str:
        """See `device.device_for`."""
        with self._step("device", spec):
            return device_for(self._house, spec)

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        """See `evaluate.evaluate`."""
        with self._step("evaluate", spec):
            step = scoring.evaluate if spec.facts.target.kind == "genome" else evaluate
            card = step(self._house, spec, edit)
        if card.e_value is not None:
            self._house.metrics.measured(card.pairs, card.e_value)
        return card

    def promote(self, spec: CandidateSpec, edit: Edit, card: Scorecard, approvals: list[Approval]) -> Promotion:
        """See `promote.promote`."""
        with self._step("promote", spec):
            reviewed(self._house, spec, edit)
            step = promoting.promote if spec.facts.target.kind == "genome" else promote.promote
            promotion = step(self._house, spec, edit, card, approvals)
        self._house.metrics.promotion(promotion.status)
        return promotion

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
        with self._step("record", spec):
            return record.record(self._house, spec, proposal, edit, commit, card, promotion)
