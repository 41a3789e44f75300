"""Parents for targets with many cases: whoever is best somewhere survives, however it does on average."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

Scores = Mapping[str, Mapping[str, float]]
"""Candidate → case → score, higher is better. A case that a candidate lacks is one it does not win."""


def frontier(scores: Scores) -> dict[str, int]:
    """Candidate → number of cases it wins (ties win), for those whom no other winner dominates; never empty for a case.

    `W_j = argmax_i s_ij` for each case j; of the union of all `W_j` whoever is dominated is dropped: another is at
    least as good on all cases and better on one. Source: GEPA, per-instance Pareto selection (arXiv 2507.19457).
    Raises ValueError for a score that is not finite.
    """
    cases = sorted({case for row in scores.values() for case in row})
    for candidate, row in scores.items():
        if not all(math.isfinite(value) for value in row.values()):
            raise ValueError(f"candidate {candidate!r} has a score that is not finite")
    wins: dict[str, int] = {}
    for case in cases:
        top = max(row[case] for row in scores.values() if case in row)
        for candidate, row in scores.items():
            if row.get(case) == top:
                wins[candidate] = wins.get(candidate, 0) + 1
    return {one: count for one, count in wins.items() if not any(_dominates(scores, two, one, cases) for two in wins)}


def choose_specialist(scores: Scores, rng: random.Random) -> str:
    """A candidate of the frontier, drawn in proportion to the cases it wins. Raises ValueError when there is none."""
    front = frontier(scores)
    if not front:
        raise ValueError("no candidate has a score on any case")
    return rng.choices(list(front), list(front.values()))[0]


def _dominates(scores: Scores, one: str, other: str, cases: list[str]) -> bool:
    pairs = [(scores[one].get(case, -math.inf), scores[other].get(case, -math.inf)) for case in cases]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)
