"""A screen for metrics without noise: a child that is no better than a parent whose value never differs.

It may only reject, so that it saves evaluations and never grants anything: whoever passes it is measured in full.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

ENOUGH = 6
"""Equal values, each from inputs of its own, after which a tree counts as steady on a case."""
MOST_TREES = 10_000


class Steady:
    """What each tree was seen to reach on each case, in this process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, dict[str, tuple[float, int]]] = OrderedDict()
        """Tree → case → its only value and how often; a count of 0 once they differed."""

    def learn(self, tree: str, values: Mapping[str, Iterable[float]]) -> None:
        """Take in measured values by case."""
        with self._lock:
            cases = self._seen.setdefault(tree, {})
            self._seen.move_to_end(tree)
            for case, several in values.items():
                for value in several:
                    only, count = cases.get(case, (value, -1))
                    differs = count == 0 or value != only
                    cases[case] = (only, 0 if differs else max(count, 0) + 1)
            while len(self._seen) > MOST_TREES:
                self._seen.popitem(last=False)

    def gains(self, tree: str, values: Mapping[str, float], *, lower_is_better: bool = False) -> dict[str, float]:
        """Gain of each of `values` over a steady tree's; nothing when it is not known to be steady on all of them."""
        with self._lock:
            known = [self._seen.get(tree, {}).get(case, (0.0, 0)) for case in values]
        if any(count < ENOUGH for _, count in known):
            return {}
        sign = -1.0 if lower_is_better else 1.0
        return {case: sign * (value - only) for (case, value), (only, _) in zip(values.items(), known, strict=True)}
