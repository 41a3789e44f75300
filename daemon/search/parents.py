"""Which candidate the next one starts from."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal, get_args

from daemon.search.clades import Node, thompson
from daemon.search.midpoint import midpoint_weights, range_of

Strategy = Literal["epsilon-greedy", "sigmoid-children", "moving-midpoint", "clade", "best", "iid"]

SHARPNESS = 10.0
"""λ of the sigmoid: a candidate one spread above the median is preferred about 22,000 to 1 over one below it."""

EPSILON = 0.1
"""Share of `epsilon-greedy` draws that do not take the best."""


@dataclass(frozen=True)
class Scored:
    """One candidate that may be a parent. The caller leaves out the quarantined and those without a score."""

    candidate: str
    score: float
    """Higher is better; any unit."""
    children: int
    """Candidates that already started from this one."""


def choose_parent(
    strategy: Strategy,
    scored: Sequence[Scored],
    seed_candidate: str,
    rng: random.Random,
    family: Sequence[Node] = (),
) -> str:
    """Id of the parent for the next candidate.

    `epsilon-greedy` takes the highest score but for a share of draws by `weights`, `sigmoid-children` always draws so,
    `moving-midpoint` by `midpoint_weights` on the range of the scores, `clade` by Thompson sampling over the `family`,
    `best` takes the highest score, `iid` always starts from the seed. With nothing scored yet
    the answer is the seed. Raises ValueError for an unknown strategy or a score that is not finite.
    """
    if strategy not in get_args(Strategy):
        raise ValueError(f"unknown parent strategy {strategy!r}; use one of {', '.join(get_args(Strategy))}")
    if strategy == "iid" or not scored:
        return seed_candidate
    if strategy == "best":
        return best(scored).candidate
    if strategy == "clade":
        _finite(scored)
        return thompson(family, [one.candidate for one in scored], rng)
    if strategy == "moving-midpoint":
        _finite(scored)
        return rng.choices(scored, midpoint_weights(scored, range_of(scored)))[0].candidate
    if strategy == "epsilon-greedy" and rng.random() >= EPSILON:
        return best(scored).candidate
    return rng.choices(scored, weights(scored))[0].candidate


def best(scored: Sequence[Scored]) -> Scored:
    """The highest score; among equals the one with fewest children, then the first. Raises ValueError when empty."""
    _finite(scored)
    return max(scored, key=lambda one: (one.score, -one.children))


def weights(scored: Sequence[Scored]) -> list[float]:
    """Unnormalised draw weight of each candidate: good scores first, much-used parents last.

    `w_i = σ(λ (a_i − m) / M) / (1 + n_i)` with score `a_i`, median score `m`, spread `M` (median absolute deviation)
    and `n_i` children. Because of the division by the spread the weights do not change when all scores are shifted or
    scaled. Source: ShinkaEvolve, weighted parent sampling (`shinka/database/parents.py`). There an `M` of 0 is floored
    at 1e-6, which is not scale-free, so the mean absolute deviation stands in here. All scores equal: `σ(0)`.
    """
    _finite(scored)
    scores = [one.score for one in scored]
    centre = median(scores)
    deviations = [abs(score - centre) for score in scores]
    spread = median(deviations) or fmean(deviations) or 1.0
    return [_sigmoid(SHARPNESS * (one.score - centre) / spread) / (1 + one.children) for one in scored]


def _sigmoid(x: float) -> float:
    # Clamped so that the worst candidate keeps a weight above zero and exp never overflows.
    x = max(-50.0, min(50.0, x))
    return 1.0 / (1.0 + math.exp(-x))


def _finite(scored: Sequence[Scored]) -> None:
    for one in scored:
        if not math.isfinite(one.score) or one.children < 0:
            raise ValueError(
                f"candidate {one.candidate!r}: score {one.score} with {one.children} children cannot be weighed"
            )
