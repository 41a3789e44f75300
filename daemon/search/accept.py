"""Is the child really better than its parent? An anytime-valid test over interleaved pairs.

The judge measures parent and child side by side; each pair gives one gain `d` (positive: the child is better). The
null hypothesis is that the clipped gain beyond the least interesting effect has mean ≤ 0 given the past, which holds
for a null candidate when the order inside each pair and the order of cases are drawn at random. The e-process below
then exceeds `1/α` with probability at most α however often one looks (Ville's inequality), so measuring may stop at
any pair.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

MAX_BET = 0.9
"""Largest share of the wealth that one pair may cost; below 1, so that one unlucky pair never ends the process."""


class Measured(Protocol):
    """A measured pair: seconds for time targets, metric values for score targets."""

    @property
    def parent(self) -> float: ...
    @property
    def child(self) -> float: ...


def log_ratio_gains(pairs: Iterable[Measured]) -> list[float]:
    """`ln(parent / child)` of each pair of seconds: the log speed-up of the child.

    Raises ValueError for a time that is not finite and positive: such a pair is quarantined, never averaged.
    """
    gains = []
    for pair in pairs:
        if not (0 < pair.parent < math.inf and 0 < pair.child < math.inf):
            raise ValueError(
                f"times must be finite and above zero, got parent {pair.parent} s and child {pair.child} s"
            )
        gains.append(math.log(pair.parent) - math.log(pair.child))
    return gains


def difference_gains(pairs: Iterable[Measured], *, lower_is_better: bool = False) -> list[float]:
    """`child − parent` of each pair of metric values, in the metric's unit; turned round when lower is better.

    Raises ValueError for a value that is not finite.
    """
    gains = []
    for pair in pairs:
        gain = pair.parent - pair.child if lower_is_better else pair.child - pair.parent
        if not math.isfinite(gain):
            raise ValueError(f"metric values must be finite, got parent {pair.parent} and child {pair.child}")
        gains.append(gain)
    return gains


def alpha_for(j: int, total_alpha: float, *, planned: int | None = None) -> float:
    """Error allowed to candidate j (from 1): `α · 6 / (π² j²)`, or `α / planned` when the number to come is fixed.

    Either way the sum over all j is at most α, so the chance of even one false acceptance in the whole campaign stays
    below `total_alpha`. The even split asks less of late candidates. Raises ValueError when j is not in the plan.
    """
    if j < 1 or not 0 < total_alpha < 1:
        raise ValueError(f"need j >= 1 and 0 < alpha < 1, got j={j} and alpha={total_alpha}")
    if planned is not None:
        if j > planned:
            raise ValueError(f"candidate {j} is beyond the {planned} planned ones and has no share of alpha")
        return total_alpha / planned
    return total_alpha * 6 / (math.pi**2 * j**2)


class EProcess:
    """Wealth of a gambler who bets on the child from past pairs only; large wealth is evidence against the null.

    `E_i = E_{i−1} (1 + λ_i x_i)` with `x_i = clip((d_i − min_effect) / clip_scale, −1, 1)` and the bet
    `λ_i = clip(m / (v + m²), 0, 0.9)`, where m and v are mean and variance of the earlier x (an approximate Kelly
    bet). After Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (2024). A scale of 0
    means a metric without noise: then only the sign of the gain counts.
    """

    def __init__(self, clip_scale: float, min_effect: float = 0.0) -> None:
        """`clip_scale` and `min_effect` are in the unit of the gains (log speed-up or metric difference)."""
        if not (0 <= clip_scale < math.inf and math.isfinite(min_effect)):
            raise ValueError(
                f"clip scale must be finite and >= 0, got {clip_scale}; least effect must be finite, got {min_effect}"
            )
        self.clip_scale = clip_scale
        self.min_effect = min_effect
        self.pairs = 0
        self.log_value = 0.0
        self.log_peak = 0.0
        self._sum = 0.0
        self._squares = 0.0

    def add(self, d: float) -> float:
        """Take in one gain; returns the new value. Raises ValueError for a gain that is not finite."""
        if not math.isfinite(d):
            raise ValueError(f"a gain must be finite, got {d}")
        x = self._clipped(d - self.min_effect)
        self.log_value += math.log1p(self._bet() * x)
        self.log_peak = max(self.log_peak, self.log_value)
        self.pairs += 1
        self._sum += x
        self._squares += x * x
        return self.value

    @property
    def value(self) -> float:
        """The e-value now."""
        return _exp(self.log_value)

    @property
    def peak(self) -> float:
        """The highest e-value so far; comparing it with `1/α` is as valid as stopping at that pair."""
        return _exp(self.log_peak)

    @property
    def mean(self) -> float:
        """Mean of the clipped gains, in units of the scale (0 before the first pair)."""
        return self._sum / self.pairs if self.pairs else 0.0

    @property
    def variance(self) -> float:
        """Population variance of the clipped gains."""
        return max(self._squares / self.pairs - self.mean**2, 0.0) if self.pairs else 0.0

    def growth(self, mean: float) -> float:
        """Log wealth to expect from one more pair if the true mean were `mean`: `λm − λ²(v + m²)/2` at the best bet."""
        if mean <= 0:
            return 0.0
        second = self.variance + mean * mean
        bet = min(MAX_BET, mean / second)
        return min(
            bet * mean - bet * bet * second / 2 if bet < MAX_BET else math.log1p(bet * mean), math.log1p(MAX_BET)
        )

    def _clipped(self, excess: float) -> float:
        if self.clip_scale == 0:
            return math.copysign(1.0, excess) if excess else 0.0
        return max(-1.0, min(1.0, excess / self.clip_scale))

    def _bet(self) -> float:
        second = self._squares / self.pairs if self.pairs else 0.0
        return max(0.0, min(MAX_BET, self.mean / second)) if second > 0 else 0.0


@dataclass(frozen=True)
class Rule:
    """How one candidate is tested."""

    sigma: float
    """Noise of one run in the unit of the gains, from `calibrate`."""
    min_effect: float = 0.0
    """Least gain worth having: `log1p(0.01)` for "1 % faster". The test shows that the gain exceeds this."""
    max_pairs: int = 60
    patience: float = 2.0
    """Standard errors of optimism granted before a candidate is called futile."""
    min_pairs: int = 6
    """No futility call before this many pairs."""
    exact_pairs: int = 0
    """For metrics without noise (`sigma` 0) only: accept after this many equal gains above `min_effect`. 0: off. Turns
    α off too: a candidate that gambles can repeat its luck, so leave it off where the candidate may draw at random."""

    @property
    def clip_scale(self) -> float:
        """`3 √2 σ`: three standard deviations of a null pair."""
        return 3 * math.sqrt(2) * self.sigma


@dataclass(frozen=True)
class Decision:
    """What the pairs say so far."""

    outcome: Literal["accepted", "undecided", "futile"]
    reason: str
    """`evidence` or `exact`; `more-pairs`; `out-of-reach` (even if the child won every pair that is left) or
    `no-promise` (not even if it did as well as its pairs so far could mean)."""
    e_value: float
    """The highest value so far."""
    threshold: float
    pairs: int


class Acceptance:
    """The test of one candidate. Feed it gains until it is no longer `undecided`; that answer is final.

    Futility may only reject: stopping early on any ground but `e ≥ threshold` can only lower the chance to accept.
    """

    def __init__(self, rule: Rule, alpha: float) -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
        self.rule = rule
        self.threshold = 1 / alpha
        self.process = EProcess(rule.clip_scale, rule.min_effect)
        self._gains: list[float] = []
        self.decision = self._decide()

    def add(self, gains: Sequence[float]) -> Decision:
        """Take in more gains, in measured order. What comes after a final decision is not looked at."""
        for gain in gains:
            if self.decision.outcome != "undecided":
                break
            self.process.add(gain)
            self._gains.append(gain)
            self.decision = self._decide()
        return self.decision

    def _decide(self) -> Decision:
        process, rule = self.process, self.rule
        if process.peak >= self.threshold:
            return self._answer("accepted", "evidence")
        if rule.sigma == 0 and 0 < rule.exact_pairs <= process.pairs and self._repeats():
            return self._answer("accepted", "exact")
        left = rule.max_pairs - process.pairs
        missing = math.log(self.threshold) - process.log_value
        if missing >= left * math.log1p(MAX_BET):
            return self._answer("futile", "out-of-reach")
        if process.pairs >= rule.min_pairs:
            error = math.sqrt(process.variance / process.pairs)
            if missing > left * process.growth(process.mean + rule.patience * error):
                return self._answer("futile", "no-promise")
        return self._answer("undecided", "more-pairs")

    def _repeats(self) -> bool:
        return self._gains[0] > self.rule.min_effect and len(set(self._gains)) == 1

    def _answer(self, outcome: Literal["accepted", "undecided", "futile"], reason: str) -> Decision:
        return Decision(outcome, reason, self.process.peak, self.threshold, self.process.pairs)


def _exp(log_value: float) -> float:
    # A day of winning pairs must not overflow, and the record stays finite JSON.
    return math.exp(min(log_value, 700.0))
