"""Rates from the moments at which candidates were done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Rates(NamedTuple):
    """Candidates per second."""

    whole: float
    """From the first that was done to the last."""
    first: float
    """The same over the first quarter of them."""
    last: float
    """The same over the last quarter."""


def rates(ends: Sequence[float]) -> Rates:
    """Of the moments (seconds) at which candidates were done, in any order. Raises ValueError for fewer than eight."""
    if len(ends) < 8:
        raise ValueError(f"need at least eight candidates, got {len(ends)}")
    done = sorted(ends)
    quarter = len(done) // 4
    return Rates(_rate(done), _rate(done[: quarter + 1]), _rate(done[-quarter - 1 :]))


def _rate(done: Sequence[float]) -> float:
    return (len(done) - 1) / (done[-1] - done[0])
