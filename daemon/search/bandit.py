"""Which model is asked next: an asymmetric, cost-aware UCB bandit whose state is plain data.

After ShinkaEvolve (`llm/prioritization.py`, arXiv 2509.19349). Asymmetric: only improvements earn; a model that fails
often and sometimes finds something large is worth more than one that never does harm.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

DECAY = 0.95
"""What is left of all earlier rewards at each new result."""
CURIOSITY = 1.0
"""c of the UCB bonus."""
EPSILON = 0.2
"""Share of calls that go to models other than the leaders."""


@dataclass(frozen=True)
class Arm:
    """One model. Logs and sums as they are combined; all zero before its first call."""

    submitted: int = 0
    completed: int = 0
    weight: float = 0.0
    """Decayed number of results."""
    log_sum: float | None = None
    """ln of the decayed sum of `e^{r} − 1`; None: no reward yet."""
    cost: float = 0.0
    """Micro-USD of all finished calls."""
    least_cost: float = math.inf
    most_cost: float = 0.0

    @property
    def calls(self) -> int:
        """`n_i`: calls in flight count, else all slots would go to the same model at once."""
        return max(self.submitted, self.completed)

    @property
    def mean_cost(self) -> float:
        """Micro-USD a call."""
        return self.cost / self.completed if self.completed else 0.0


Arms = Mapping[str, Arm]


def submitted(arms: Arms, model: str) -> dict[str, Arm]:
    """The state after a call to a model went out."""
    arm = arms[model]
    return {**arms, model: replace(arm, submitted=arm.submitted + 1)}


def finished(arms: Arms, model: str, gain: float, micro_usd: float, scale: float = 1.0) -> dict[str, Arm]:
    """The state after a result: `gain` over the better of parent and seed, in any unit; `scale` is a typical one.

    Reward `r = max(gain, 0) / scale`, kept as `ln Σ d^age (e^r − 1)`; every result ages the history of all models.
    Raises ValueError for a gain or cost that is not finite, or a negative cost.
    """
    if not (math.isfinite(gain) and math.isfinite(micro_usd) and micro_usd >= 0 and 0 < scale < math.inf):
        raise ValueError(f"gain {gain} and cost {micro_usd} must be finite, the cost not negative, the scale positive")
    aged = {name: replace(arm, weight=arm.weight * DECAY, log_sum=_aged(arm.log_sum)) for name, arm in arms.items()}
    arm = aged[model]
    aged[model] = replace(
        arm,
        completed=arm.completed + 1,
        weight=arm.weight + 1,
        log_sum=_log_add(arm.log_sum, _log_expm1(max(gain, 0.0) / scale)),
        cost=arm.cost + micro_usd,
        least_cost=min(arm.least_cost, micro_usd),
        most_cost=max(arm.most_cost, micro_usd),
    )
    return aged


def upper_bounds(arms: Arms, thrift: float = 0.5) -> dict[str, float]:
    """`(1 − k) U_i + k κ_i / max κ` of each model; unseen ones are infinite.

    `U_i = e^{m_i − max m} + c √(2 ln t / n_i)` with `m_i` the log of the mean reward, `n_i` the model's calls and `t`
    all calls. `κ_i = 1 / max(mean cost − 0.1 · range · √(2 ln t / n_i), tiny)`: cheap is good, and unsure cheap is
    better. `thrift` k from 0 (gain alone) to 1 (price alone); with equal prices it changes nothing in the order.
    """
    if not 0 <= thrift <= 1:
        raise ValueError(f"thrift must lie between 0 and 1, got {thrift}")
    seen = {name: arm for name, arm in arms.items() if arm.calls}
    total = sum(arm.calls for arm in seen.values())
    bonus = {name: math.sqrt(2 * math.log(total) / arm.calls) for name, arm in seen.items()}
    means = {
        name: arm.log_sum - math.log(arm.weight)
        for name, arm in seen.items()
        if arm.log_sum is not None and arm.weight > 0
    }
    top = max(means.values(), default=0.0)
    finite = [arm for arm in seen.values() if arm.completed]
    spread = max((arm.most_cost for arm in finite), default=0.0) - min((arm.least_cost for arm in finite), default=0.0)
    tiny = max((arm.mean_cost for arm in finite), default=0.0) * 1e-3 + 1e-7
    cheapness = {name: 1 / max(arm.mean_cost - 0.1 * spread * bonus[name], tiny) for name, arm in seen.items()}
    dearest = max(cheapness.values(), default=1.0)
    bounds = dict.fromkeys(arms, math.inf)
    for name in seen:
        gain = math.exp(means[name] - top) if name in means else 0.0
        bounds[name] = (1 - thrift) * (gain + CURIOSITY * bonus[name]) + thrift * cheapness[name] / dearest
    return bounds


def choose_model(arms: Arms, rng: random.Random, thrift: float = 0.5, epsilon: float = EPSILON) -> str:
    """The model to ask: an unseen one first; else a leader, or with probability `epsilon` one of the others.

    Raises ValueError when there is none.
    """
    if not arms:
        raise ValueError("there is no model to choose from")
    bounds = upper_bounds(arms, thrift)
    best = max(bounds.values())
    leaders = sorted(name for name, bound in bounds.items() if bound == best)
    others = sorted(set(arms) - set(leaders))
    if others and best < math.inf and rng.random() < epsilon:
        return rng.choice(others)
    return rng.choice(leaders)


def _aged(log_sum: float | None) -> float | None:
    return None if log_sum is None else log_sum + math.log(DECAY)


def _log_expm1(x: float) -> float | None:
    if x <= 0:
        return None
    return x if x > 50 else math.log(math.expm1(x))  # beyond 50 the 1 is lost anyway


def _log_add(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    high, low = max(one, other), min(one, other)
    return high + math.log1p(math.exp(low - high))
