"""Mean gain with its interval, for people and scorecards. Reported beside the test, never a ground to accept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Interval:
    """A mean and its two-sided interval, in the unit of what went in. `low` and `high` are None for a single value."""

    mean: float
    low: float | None
    high: float | None
    count: int


def mean_interval(gains: Sequence[float], level: float = 0.95) -> Interval:
    """Student's t interval of the mean of paired gains: `m ± t_{n−1} s/√n`.

    For a number of pairs fixed beforehand. After a test that stopped on its own evidence the mean is somewhat
    optimistic, which is why a promotion measures again. Raises ValueError without gains or when one is not finite.
    """
    _check(gains)
    return _around(_mean(gains), _variance(gains) / len(gains), len(gains) - 1, len(gains), level)


def stratified_interval(gains_by_case: Mapping[str, Sequence[float]], level: float = 0.95) -> Interval:
    """Mean over cases of the mean gain per case, each case with equal weight, and its interval.

    The cases of a target are fixed, so only the noise inside each of them counts: `Var = Σ s_k²/n_k / K²`, degrees of
    freedom after Welch and Satterthwaite. Falls back to `mean_interval` over the case means when a case has a single
    pair. Raises ValueError without cases or gains.
    """
    for gains in gains_by_case.values():
        _check(gains)
    means = [_mean(gains) for gains in gains_by_case.values()]
    if not means or any(len(gains) < 2 for gains in gains_by_case.values()):
        return mean_interval(means, level)
    parts = [(_variance(gains) / len(gains), len(gains) - 1) for gains in gains_by_case.values()]
    total = math.fsum(part for part, _ in parts)
    squares = math.fsum(part * part / freedom for part, freedom in parts)
    freedom = math.floor(total * total / squares) if squares > 0 else sum(freedom for _, freedom in parts)
    count = sum(len(gains) for gains in gains_by_case.values())
    return _around(_mean(means), total / len(means) ** 2, max(freedom, 1), count, level)


def speedup(log_gains: Interval) -> Interval:
    """Geometric-mean speed-up (a ratio, 1 = no change) from an interval of log speed-ups."""

    def ratio(value: float | None) -> float | None:
        return None if value is None else math.exp(value)

    return Interval(math.exp(log_gains.mean), ratio(log_gains.low), ratio(log_gains.high), log_gains.count)


@lru_cache(maxsize=512)
def t_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t distribution with `freedom` ≥ 1 degrees of freedom, by bisection of the exact cdf."""
    if not (0.5 <= probability < 1 and freedom >= 1):
        raise ValueError(f"need 0.5 <= probability < 1 and freedom >= 1, got {probability} and {freedom}")
    low, high = 0.0, 1.0
    while _t_cdf(high, freedom) < probability:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_cdf(middle, freedom) < probability else (low, middle)
    return high


def _t_cdf(t: float, freedom: int) -> float:
    """P(T ≤ t) for t ≥ 0: the finite sums of Abramowitz and Stegun, 26.7.3 (odd) and 26.7.4 (even freedom)."""
    theta = math.atan(t / math.sqrt(freedom))
    sine, square = math.sin(theta), math.cos(theta) ** 2
    odd = freedom % 2
    term = math.cos(theta) if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= square * (k - 1) / k
        total += term
    two_sided = 2 / math.pi * (theta + sine * total) if odd else sine * total
    return 0.5 + two_sided / 2


def _around(mean: float, variance_of_mean: float, freedom: int, count: int, level: float) -> Interval:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    if freedom < 1:
        return Interval(mean, None, None, count)
    half = t_quantile((1 + level) / 2, freedom) * math.sqrt(variance_of_mean)
    return Interval(mean, mean - half, mean + half, count)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    centre = _mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / max(len(values) - 1, 1)


def _check(gains: Sequence[float]) -> None:
    if not gains or not all(math.isfinite(gain) for gain in gains):
        raise ValueError("an interval needs at least one gain, all of them finite")
