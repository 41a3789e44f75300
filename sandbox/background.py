"""What a runner burns while it is not its turn: it slows its parent's calls, and so flatters its own. Pure.

Parent and child take turns on one CPU. CPU time that the child uses beyond its own calls may all have been taken from
its parent; compared with the parent's time it bounds the gain that was never there.
"""

from __future__ import annotations

from collections.abc import Sequence

SHARE = 0.05
"""Of the parent's time: a gain this small is not worth the noise of the account."""
ANSWER_SECONDS = 0.0003
"""CPU time of a call outside the judge's clock: going back to listening after an answer."""
SLACK_SECONDS = 0.02
"""Once: whatever a runner's program does by itself."""


class Account:
    """The child's CPU time during the pairs of one session."""

    def __init__(self, cpus: float) -> None:
        """`cpus`: how many CPUs a call may keep busy at a time."""
        self._cpus = max(1.0, cpus)
        self.used = 0.0
        self.allowed = SLACK_SECONDS

    def add(self, used: float, child: Sequence[float], parent: Sequence[float], extra: int) -> None:
        """Seconds that the child used while these calls were timed, and as many `extra` calls that were not told."""
        own = sum(child) + extra * 2 * max(child)
        self.used += used
        self.allowed += self._cpus * own + SHARE * sum(parent) + ANSWER_SECONDS * (len(child) + extra)
