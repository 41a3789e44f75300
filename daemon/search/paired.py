"""Is one agent better than another on the same tasks? Exact statistics of wins and losses; ties say nothing.

A task that only the child solves is a win, one that only the parent solves a loss. Under the null hypothesis (the child
is no better on any task) each of them is a win with probability at most one half, given the ones before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from daemon.search.intervals import Interval


@dataclass(frozen=True)
class Paired:
    """Counts over tasks that both agents tried."""

    tasks: int
    wins: int
    losses: int
    child: int
    """Tasks that the child solved."""
    parent: int

    @property
    def gain(self) -> float:
        """Difference of the shares solved, child less parent; 0 without tasks."""
        return (self.wins - self.losses) / self.tasks if self.tasks else 0.0


def paired(child: Mapping[str, bool], parent: Mapping[str, bool]) -> Paired:
    """Count over the tasks that stand in both."""
    both = sorted(child.keys() & parent.keys())
    return Paired(
        tasks=len(both),
        wins=sum(child[task] and not parent[task] for task in both),
        losses=sum(parent[task] and not child[task] for task in both),
        child=sum(child[task] for task in both),
        parent=sum(parent[task] for task in both),
    )


def e_value(wins: int, losses: int) -> float:
    """Evidence that a win is more likely than a loss; above `1/α` with probability at most α, however often one looks.

    The mixture over all θ in (½, 1) of the likelihood ratio `(2θ)^wins (2(1−θ))^losses`, in closed form
    `2^{n+1} B(w+1, l+1) P(Bin(n+1, ½) ≤ w)` with `n = w + l`. (Robbins 1970, "Statistical methods related to the law
    of the iterated logarithm": the method of mixtures.)
    """
    _check(wins, losses)
    n = wins + losses
    below = sum(math.comb(n + 1, k) for k in range(wins + 1))
    # 2^{n+1} · w! l! / (n+1)! · below / 2^{n+1}, in whole numbers until the last division.
    return float(below * math.factorial(wins) * math.factorial(losses) / math.factorial(n + 1))


def sign_test(wins: int, losses: int) -> float:
    """One-sided p-value of the exact sign (McNemar) test, `P(Bin(n, ½) ≥ wins)`: for the report, for one look only."""
    _check(wins, losses)
    n = wins + losses
    return sum(math.comb(n, k) for k in range(wins, n + 1)) / float(2**n)


def gain_interval(found: Paired, level: float = 0.95) -> Interval:
    """The gain with its two-sided interval: exact (Clopper and Pearson) in the share of wins among wins and losses.

    Given how many tasks tell the two apart. `low` and `high` are None when none does: that proves nothing.
    """
    n = found.wins + found.losses
    if n == 0:
        return Interval(found.gain, None, None, found.tasks)
    tail = (1 - level) / 2
    low = 0.0 if found.wins == 0 else _solve(lambda p: _at_least(n, found.wins, p), tail)
    high = 1.0 if found.losses == 0 else _solve(lambda p: 1 - _at_least(n, found.wins + 1, p), tail, falling=True)
    scale = n / found.tasks
    return Interval(found.gain, scale * (2 * low - 1), scale * (2 * high - 1), found.tasks)


def reachable(wins: int, losses: int, left: int, threshold: float) -> bool:
    """Whether the threshold can still be reached if every task that is left were a win."""
    return e_value(wins + left, losses) >= threshold


def wins_needed(threshold: float, most: int) -> int | None:
    """The fewest wins without a loss that reach the threshold; None when not even `most` do."""
    return next((wins for wins in range(1, most + 1) if e_value(wins, 0) >= threshold), None)


def _at_least(n: int, wins: int, p: float) -> float:
    return math.fsum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(wins, n + 1))


def _solve(tail_at: Callable[[float], float], tail: float, *, falling: bool = False) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if (tail_at(middle) < tail) != falling:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _check(wins: int, losses: int) -> None:
    if wins < 0 or losses < 0:
        raise ValueError(f"counts are not negative, got {wins} wins and {losses} losses")
