"""A campaign's candidates as the search sees them: plain data, so that every choice is a function of the archive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from daemon.search.clades import Node
from daemon.search.parents import Scored
from daemon.search.plateau import event_of

SEED = "seed"
"""Verdict of the tree that a campaign starts from."""


@dataclass(frozen=True)
class Member:
    """One candidate. See `daemon.records.rows.CandidateRow` for the fields' meaning and units."""

    candidate: str
    number: int
    parent: str = ""
    verdict: str = ""
    """Empty while it is in flight."""
    score: float | None = None
    gain: float | None = None
    arm: str = "main"
    operator: str = "mutate"
    second: str = ""
    model: str = ""
    tree: str = ""
    """Hash of its tree, once that is in the archive."""
    micro_usd: int = 0
    fingerprint: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    cases: Mapping[str, float] = field(default_factory=dict)
    hypothesis: str = ""
    bundle: str = ""
    """Blob hash of what its agent sent."""

    @property
    def honest(self) -> bool:
        """The seed, an accepted one, or one that was measured and found no better: it may be a parent."""
        sound = self.verdict in (SEED, "accepted") or self.verdict.startswith("failed:")
        return sound and self.score is not None

    @property
    def decided(self) -> bool:
        """It ended by its own doing, not by a fault of ours."""
        return bool(self.verdict) and self.verdict != SEED and not self.verdict.startswith("inconclusive")


def main_arm(members: Iterable[Member]) -> list[Member]:
    """Those that the search made, and the seed, in the order of their numbers. The control arm stays apart."""
    return sorted((one for one in members if one.arm == "main"), key=lambda one: one.number)


def believed(members: Sequence[Member]) -> dict[str, float]:
    """Score of each possible parent, as far as there is evidence for it; `members` in the order of their numbers.

    Who was not accepted is not believed to be better than its parent, however its few pairs came out: else the search
    climbs on noise.
    """
    known: dict[str, float] = {}
    for one in members:
        if not one.honest or one.score is None:
            continue
        proved = one.verdict in (SEED, "accepted")
        known[one.candidate] = one.score if proved else min(one.score, known.get(one.parent, one.score))
    return known


def children(members: Iterable[Member]) -> dict[str, int]:
    """Evaluated children by parent: those whose tree was committed and that were decided."""
    counts: dict[str, int] = {}
    for one in members:
        if one.number > 0 and one.tree and one.decided:
            counts[one.parent] = counts.get(one.parent, 0) + 1
    return counts


def scored(members: Sequence[Member]) -> list[Scored]:
    """The possible parents of the main arm."""
    main = main_arm(members)
    counts = children(main)
    return [Scored(name, score, counts.get(name, 0)) for name, score in believed(main).items()]


def family(members: Iterable[Member]) -> list[Node]:
    """Candidates with a pass, a fail, or nothing: in flight, denied, or a fault of ours."""
    said = [(one, event_of(one.verdict)) for one in members]
    return [Node(one.candidate, one.parent, int(event == "improved"), int(event == "unchanged")) for one, event in said]
