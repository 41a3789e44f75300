"""What a campaign came to."""

from __future__ import annotations

from pydantic import Field

from workflows.models import Account, Stored


class ArmReport(Stored):
    """What one arm of a campaign came to on the visible cases."""

    candidates: int
    """Decided ones."""
    accepted: int
    best: str = ""
    score: float | None = None
    """Best believed score, in the unit of `Scorecard.score`; the seed's when nothing was accepted."""


class CampaignReport(Stored):
    """Result of the Campaign workflow."""

    campaign: str
    target: str
    status: str
    """`stopped:<reason>`."""
    decided: int
    verdicts: dict[str, int]
    champion: str
    speedup: float | None = None
    """Champion over seed on the sealed cases: ratio for time targets, metric difference for score targets."""
    speedup_low: float | None = None
    speedup_high: float | None = None
    sealed_pairs: int = 0
    sealed_left: int = 0
    """Uses of the sealed cases that were left of what policy allows the campaign."""
    control: ArmReport | None = None
    """Sampling alone, when the campaign had a control arm."""
    main: ArmReport | None = None
    """The search after as many candidates as the control arm had: the fair comparison."""
    spent: dict[Account, int] = Field(default_factory=dict)
    audit_records: int = 0
    governance: dict[str, int] = Field(default_factory=dict)
    """Findings by level, and people's answers by kind: see `daemon/steps/tally.py`."""
