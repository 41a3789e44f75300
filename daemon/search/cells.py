"""Cells of MAP-Elites: a grid over what candidates are like, so that different kinds of solutions do not compete."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Cell = tuple[int, ...]


@dataclass(frozen=True)
class Axis:
    """One feature of a candidate and how it is cut into bins.

    The range is declared and never learnt: with a range of what was seen so far, a new extreme moves every candidate
    into another cell. What lies outside counts to the first or last bin.
    """

    feature: str
    low: float
    high: float
    bins: int = 10
    log: bool = False
    """Equal ratios instead of equal differences; the range must be positive."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high and self.bins >= 1):
            raise ValueError(f"axis {self.feature!r}: needs finite low < high and at least one bin")
        if self.log and self.low <= 0:
            raise ValueError(f"axis {self.feature!r}: a logarithmic range starts above zero")

    def bin_of(self, value: float) -> int:
        """Number of the bin, from 0. Raises ValueError for NaN."""
        if math.isnan(value):
            raise ValueError(f"axis {self.feature!r}: the feature is not a number")
        inside = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            share = (inside - self.low) / (self.high - self.low)
        return min(int(share * self.bins), self.bins - 1)


def cell_of(features: Mapping[str, float], axes: Sequence[Axis]) -> Cell:
    """The cell of a candidate. Raises ValueError naming a feature that is missing."""
    for axis in axes:
        if axis.feature not in features:
            raise ValueError(f"feature {axis.feature!r} is missing; there are: {', '.join(sorted(features)) or 'none'}")
    return tuple(axis.bin_of(features[axis.feature]) for axis in axes)
