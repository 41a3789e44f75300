"""What the archive's index holds about campaigns, candidates, champions and notes."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

SEED_VERDICT = "seed"
"""Verdict of candidate 0, the tree that a campaign starts from: never judged, its score is the campaign's zero."""


RECORDED = "recorded"
"""Key in a row's times: Unix seconds at which the candidate's path ended."""


class CandidateRow(BaseModel):
    """One candidate, as far as it is decided. See `workflows.models.Scorecard` for the units of the measurements."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign: str
    number: int
    candidate: str
    parent: str = ""
    verdict: str = ""
    """Empty while the candidate is in flight."""
    reasons: tuple[str, ...] = ()
    score: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 0
    e_value: float | None = None
    threshold: float | None = None
    sealed_gain: float | None = None
    sealed_low: float | None = None
    sealed_high: float | None = None
    sealed_pairs: int = 0
    tree: str = ""
    commit: str = ""
    ref: str = ""
    bundle: str = ""
    """Blob hash of what the agent sent."""
    log: str = ""
    """Blob hash of the bounded log."""
    hypothesis: str = ""
    feedback: str = ""
    model: str = ""
    genome: str = ""
    decision_id: str = ""
    spent: dict[str, int] = {}
    """Ledger units by account."""
    times: dict[str, float] = {}
    """Unix seconds of what happened to it (`RECORDED`)."""
    promoted: bool = False
    arm: Literal["main", "control"] = "main"
    """`main`, or `control` for those that show what sampling alone, without a search, would have found."""
    operator: Literal["mutate", "crossover", "fix"] = "mutate"
    """How it was made: `mutate`, `crossover` or `fix`."""
    second: str = ""
    """The other parent of a crossover; the broken candidate that a fix starts from."""
    inspirations: tuple[str, ...] = ()
    """Candidates that the agent was shown beside its parent."""
    fingerprint: str = ""
    """SHA-256 of its tree's tokens: equal for trees that are certain to behave the same."""
    features: dict[str, float] = {}
    """What the tree is like, for the cells of islands."""
    cases: dict[str, float] = {}
    """Score on each visible case, in the unit of `score`."""
    created: float = 0.0
    """Unix seconds of the first `put`; set by the archive."""
    updated: float = 0.0


class CampaignRow(NamedTuple):
    """One campaign. `spec`, `facts` and `report` are JSON texts; times are Unix seconds."""

    campaign: str
    target: str
    spec: str
    facts: str
    status: str
    report: str
    opened: float
    closed: float | None


class Move(NamedTuple):
    """One move of a target's champion pointer: who moved it, by which decision, from what to what."""

    target: str
    move: int
    candidate: str
    previous: str
    actor: str
    decision_id: str
    reason: str
    moved: float


class NoteRow(NamedTuple):
    """A person's note on a campaign or one of its candidates."""

    campaign: str
    key: str
    candidate: str
    actor: str
    body: str
    created: float
