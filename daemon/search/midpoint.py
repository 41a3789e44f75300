"""Parent weights around a midpoint that moves with progress: what counts as good is what the best three reach now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Protocol

SHARPNESS = 10.0
"""λ of the sigmoid, for scores on a scale of 1."""
TOP = 3
"""How many of the best scores make the midpoint."""
WORN = 8.0
"""Children after which a parent's weight has fallen to 1/e; at twice as many it is 1/3000."""


class Weighed(Protocol):
    """What is looked at of a possible parent."""

    @property
    def score(self) -> float: ...
    @property
    def children(self) -> int: ...


def midpoint_weights(scored: Sequence[Weighed], scale: float = 1.0) -> list[float]:
    """Unnormalised draw weight of each candidate, all of them above zero.

    `w_i = σ(λ (a_i − m) / scale) · exp(−(n_i / 8)³)` with score `a_i`, `m` the mean of the three highest scores and
    `n_i` children; λ = 10. Source: HyperAgents, `select_next_parent` (arXiv 2603.19461), whose scores are shares of
    solved tasks: there `scale` is 1. Other units need their own, see `range_of`. A fixed midpoint, as in DGM, goes flat
    when all scores are low or all are high. Raises ValueError for a scale that is not finite and positive.
    """
    if not 0 < scale < math.inf:
        raise ValueError(f"a scale must be finite and above zero, got {scale}")
    if not scored:
        return []
    middle = fmean(sorted((one.score for one in scored), reverse=True)[:TOP])
    return [_sigmoid(SHARPNESS * (one.score - middle) / scale) * _freshness(one.children) for one in scored]


def range_of(scored: Sequence[Weighed]) -> float:
    """Highest less lowest score, 1 where there is no difference: the scale that makes the weights free of the unit."""
    scores = [one.score for one in scored]
    return (max(scores) - min(scores) if scores else 0.0) or 1.0


def _sigmoid(x: float) -> float:
    # Clamped, as is the freshness below, so that no weight becomes zero and a draw is always possible.
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, x))))


def _freshness(children: int) -> float:
    return math.exp(-min((children / WORN) ** 3, 200.0))
