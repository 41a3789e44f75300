"""The parts of a running daemon, put together once by `service.py` and handed to every step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.gate import Decision, Gate
from daemon.gateway.server import Gateway
from daemon.governed import GovernedBackend
from daemon.gpus.lending import Lender
from daemon.judges import Judges
from daemon.metrics import Metrics
from daemon.records.archive import Archive
from daemon.records.audit import AuditLog
from daemon.records.blobs import BlobStore
from daemon.records.earlier import Earlier
from daemon.records.holds import Holds
from daemon.records.journal import Journal
from daemon.records.ledger import Ledger
from daemon.records.once import Once
from daemon.records.rollouts import Rollouts
from daemon.records.rows import CandidateRow
from daemon.records.trials import Trials
from daemon.repo import TreeStore
from daemon.settings import Settings
from daemon.standing import Standing
from daemon.steps.populations import Populations
from kernels.target import BadTarget, Target, list_targets, load_target
from workflows.models import CampaignSpec
from workflows.ports import InfrastructureError, RefusedError


@dataclass(frozen=True)
class House:
    """Everything a step may use. Steps hold no state of their own: two of anything may run at once."""

    settings: Settings
    image_name: str
    ledger: Ledger
    journal: Journal
    audit: AuditLog
    earlier: Earlier
    blobs: BlobStore
    archive: Archive
    trees: TreeStore
    gate: Gate
    backend: GovernedBackend
    gateway: Gateway
    judges: Judges
    gpus: Lender
    metrics: Metrics
    populations: Populations
    trials: Trials
    rollouts: Rollouts
    holds: Holds
    standing: Standing
    once: Once

    def image(self, name: str = "") -> str:
        """Id of the sandbox image, or of another. Raises RefusedError when it was never built: no retry mends that."""
        try:
            return self.backend.image_id(name or self.image_name)
        except InfrastructureError as error:
            if "missing" in str(error):
                raise RefusedError("IMAGE", str(error)) from error
            raise

    def target(self, name: str) -> Target:
        """A target by name. Raises RefusedError with what is wrong and what there is."""
        folder = self.settings.targets / name
        if not folder.is_dir():
            there = ", ".join(target.name for target in list_targets(self.settings.targets)) or "none"
            raise RefusedError("TARGET", f"unknown target {name!r}; there are: {there}")
        try:
            return load_target(folder)
        except BadTarget as error:
            raise RefusedError("TARGET", str(error)) from error

    def candidate(self, candidate: str) -> CandidateRow:
        """A known candidate's row. Raises RefusedError when the archive has none."""
        row = self.archive.get(candidate)
        if row is None:
            raise RefusedError("ARCHIVE", f"candidate {candidate!r} is not in the archive")
        return row

    def candidates(self, *names: str) -> list[CandidateRow]:
        """The rows of known candidates, in this order. Raises RefusedError when the archive lacks one."""
        known = self.archive.several(names)
        for name in names:
            if name not in known:
                raise RefusedError("ARCHIVE", f"candidate {name!r} is not in the archive")
        return [known[name] for name in names]

    def campaign_spec(self, campaign: str) -> CampaignSpec:
        """What was asked for when a campaign started. Raises RefusedError when the archive has no such campaign."""
        row = self.archive.campaign(campaign)
        if row is None:
            raise RefusedError("ARCHIVE", f"campaign {campaign!r} is not in the archive")
        return CampaignSpec.model_validate_json(row.spec)

    def decide(self, question: str, facts: dict[str, Any], *, campaign: str, candidate: str = "") -> Decision:
        """Ask the gate. Raises InfrastructureError when there was no real answer; a no is returned as such."""
        decision = self.gate.decide(question, facts, campaign=campaign, candidate=candidate)
        if decision.cause:
            raise InfrastructureError(f"policy: {decision.cause}")
        return decision

    def scratch(self, candidate: str, step: str) -> Path:
        """A fresh folder for one step of one candidate, removed by `steps.scratch.cleared`."""
        return self.settings.home / "scratch" / candidate / step
