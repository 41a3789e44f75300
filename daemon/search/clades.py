"""Clade metaproductivity: a parent is worth what its whole family achieved, not what it scored itself.

After Huxley-Gödel Machine (`hgm.py`, ICLR 2026). Its published code adds the descendants' results to the node's own
list, which then counts them again and again; every tally here is a new number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EXPAND_POWER = 0.6
"""α: how fast the tree may grow with the number of evaluations."""


@dataclass(frozen=True)
class Node:
    """One candidate in its family tree, with the results of its own evaluations."""

    candidate: str
    parent: str
    """Empty, or unknown to the list, for a root."""
    passes: int = 0
    fails: int = 0


@dataclass(frozen=True)
class Tally:
    """Passes and fails of a clade."""

    passes: int = 0
    fails: int = 0

    @property
    def productivity(self) -> float:
        """`CMP = S / (S + F)`, 0 to 1; 0 where nothing was evaluated."""
        total = self.passes + self.fails
        return self.passes / total if total else 0.0


def clade_tallies(nodes: Sequence[Node]) -> dict[str, Tally]:
    """`S_C(v)` and `F_C(v)` of each candidate: its own results and those of all its descendants, each counted once.

    Takes time in the number of nodes times the depth. A family that loops back on itself is cut at the loop. Raises
    ValueError for a candidate that is listed twice or has a negative count.
    """
    known: dict[str, Node] = {}
    for node in nodes:
        if node.candidate in known or node.passes < 0 or node.fails < 0:
            raise ValueError(f"candidate {node.candidate!r} is listed twice or has a negative count")
        known[node.candidate] = node
    passes, fails = dict.fromkeys(known, 0), dict.fromkeys(known, 0)
    for node in nodes:
        seen: set[str] = set()
        place = node.candidate
        while place in known and place not in seen:
            seen.add(place)
            passes[place] += node.passes
            fails[place] += node.fails
            place = known[place].parent
    return {name: Tally(passes[name], fails[name]) for name in known}


def thompson(nodes: Sequence[Node], eligible: Iterable[str], rng: random.Random) -> str:
    """The eligible candidate with the highest draw `θ_v ~ Beta(1 + S_C(v), 1 + F_C(v))`.

    Eligible ones that the family does not know draw from the prior. Raises ValueError when none is eligible.
    """
    tallies = clade_tallies(nodes)
    drawn = []
    for name in eligible:
        tally = tallies.get(name, Tally())
        drawn.append((rng.betavariate(1 + tally.passes, 1 + tally.fails), name))
    if not drawn:
        raise ValueError("there is no eligible candidate to draw from")
    return max(drawn)[1]


def may_expand(evaluations: int, nodes: int, pending: int = 0, power: float = EXPAND_POWER) -> bool:
    """Whether to make a new candidate (else: evaluate a known one once more): `N^α ≥ |T| − 1 + pending`."""
    return math.pow(evaluations, power) >= nodes - 1 + pending


def best_belief(nodes: Sequence[Node], quantile: float = 0.1) -> str:
    """The candidate whose own results leave the least doubt: highest `quantile` of `Beta(1 + S_v, 1 + F_v)`.

    Not the highest share, which goes to whoever was tried once and lucky. Ties: the first. Raises ValueError for none.
    """
    if not nodes:
        raise ValueError("there is no candidate to choose from")
    return max(nodes, key=lambda node: beta_quantile(quantile, 1 + node.passes, 1 + node.fails)).candidate


def beta_quantile(share: float, a: int, b: int) -> float:
    """The x below which a share of `Beta(a, b)` lies, for whole a and b, to 1e-9.

    By bisection on `I_x(a, b) = P(Binomial(a + b − 1, x) ≥ a)` (Abramowitz and Stegun, 26.5.24).
    """
    if not 0 < share < 1 or a < 1 or b < 1:
        raise ValueError(f"need 0 < share < 1 and whole a, b >= 1, got {share}, {a}, {b}")
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _binomial_tail(a + b - 1, middle, a) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _binomial_tail(n: int, p: float, least: int) -> float:
    terms = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(least, n + 1)
    )
    return math.fsum(math.exp(term) for term in terms)
