"""How noisy is this machine, and what is the smallest gain that a campaign could find on it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import median

from daemon.search.accept import Acceptance, Rule
from daemon.search.streams import stream

_TRIALS = 100
_STEPS = 9


def calibrate(gains: Sequence[float]) -> float:
    """Noise σ of one run, from the gains of A/A pairs (the same tree in both arms), in the unit of the gains.

    Robust against single spikes: `1.4826 · median|d| / √2` (the median absolute deviation about the known mean 0, as a
    normal standard deviation, divided by √2 for the two runs of a pair). Where more than half of the gains are 0 it
    falls back to the root mean square; 0 means that every pair agreed to the bit. A wrong σ costs power, not validity.
    Raises ValueError without gains or when one is not finite.
    """
    if not gains or not all(math.isfinite(gain) for gain in gains):
        raise ValueError("calibration needs at least one A/A pair, all of them finite")
    spread = 1.4826 * median(abs(gain) for gain in gains)
    if spread == 0:
        spread = math.sqrt(math.fsum(gain * gain for gain in gains) / len(gains))
    return spread / math.sqrt(2)


def smallest_detectable(rule: Rule, alpha: float, *, power: float = 0.8) -> float:
    """Smallest true gain that the rule accepts with probability `power`, in the unit of the gains.

    `alpha` is the candidate's share, from `alpha_for`. Found by bisection over simulated tests (normal noise, fixed
    stream), so it includes clipping, betting and futility. Infinite when `max_pairs` cannot reach the threshold at all.
    Time targets: `expm1` of it is the relative speed-up.
    """
    unit = Rule(1.0, 0.0, rule.max_pairs, rule.patience, rule.min_pairs)
    if rule.sigma == 0:
        certain = Acceptance(rule, alpha).add([rule.min_effect + 1.0] * rule.max_pairs)
        return rule.min_effect if certain.outcome == "accepted" else math.inf
    return rule.min_effect + rule.sigma * _detectable(unit, alpha, power)


@lru_cache(maxsize=64)
def _detectable(rule: Rule, alpha: float, power: float) -> float:
    """The same for σ = 1 and no least effect; everything else follows by scaling."""
    low, high = 0.0, 3 * rule.clip_scale
    if _power(rule, alpha, high) < power:
        return math.inf
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(rule, alpha, middle) >= power else (middle, high)
    return high


def _power(rule: Rule, alpha: float, effect: float) -> float:
    rng = stream("smallest-detectable")  # one stream for every effect: common random numbers keep bisection monotone
    accepted = 0
    for _ in range(_TRIALS):
        gains = [effect + rng.gauss(0, math.sqrt(2)) for _ in range(rule.max_pairs)]
        accepted += Acceptance(rule, alpha).add(gains).outcome == "accepted"
    return accepted / _TRIALS
