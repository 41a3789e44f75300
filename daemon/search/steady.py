"""A screen for metrics without noise: a child that is no better than a parent whose value never differs.

It may only reject, so that it saves evaluations and never grants anything: whoever passes it is measured in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ENOUGH = 6
"""Equal values, each from inputs of its own, after which a tree counts as steady on a case."""


def steady(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The only value of each case; nothing when one of them has fewer than `ENOUGH` values, or two that differ."""
    if any(len(found) < ENOUGH or len(set(found)) > 1 for found in values.values()):
        return {}
    return {case: found[0] for case, found in values.items()}


def gains_over(
    known: Mapping[str, float], values: Mapping[str, float], *, lower_is_better: bool = False
) -> dict[str, float]:
    """Gain of each of `values` over a steady tree's; nothing when it is not known on all of their cases."""
    if not values.keys() <= known.keys():
        return {}
    sign = -1.0 if lower_is_better else 1.0
    return {case: sign * (value - known[case]) for case, value in values.items()}
