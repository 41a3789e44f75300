"""Is the search still getting anywhere? A graded answer that depends on the list of events alone.

A pure function of what happened, so that a campaign which is resumed after a crash comes to the same answer. After
cap-evolve's `convergence.py` (3 warn, 5 change, 8 stop); whether a step improved is the acceptance test's word, not a
comparison of noisy scores.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Event = Literal["improved", "unchanged", "indecisive"]
"""`indecisive`: a fault of ours, a denial or too little evidence; it says nothing about the search."""
Level = Literal["ok", "warn", "change", "stop"]
LEVELS: tuple[Level, ...] = ("ok", "warn", "change", "stop")


@dataclass(frozen=True)
class Grades:
    """Steps without improvement after which a level is reached."""

    warn: int = 3
    change: int = 5
    """Try another strategy: other parents, other model, wider edits."""
    stop: int = 8

    def __post_init__(self) -> None:
        if not 1 <= self.warn <= self.change <= self.stop:
            raise ValueError(f"need 1 <= warn <= change <= stop, got {self.warn}, {self.change}, {self.stop}")

    @classmethod
    def of(cls, patience: int) -> Grades:
        """Grades in the same proportions for a campaign that stops after `patience` steps."""
        if patience < 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        return cls(max(1, patience * 3 // 8), max(1, patience * 5 // 8), patience)


@dataclass(frozen=True)
class Plateau:
    """Where the search stands."""

    level: Level
    streak: int
    """Decisive steps since the last improvement."""


def event_of(verdict: str) -> Event:
    """What a candidate's verdict says about the search."""
    if verdict == "accepted":
        return "improved"
    return "unchanged" if verdict.startswith(("failed:", "killed:")) else "indecisive"


def plateau(events: Iterable[Event], grades: Grades | None = None) -> Plateau:
    """The level after these events, in their order. Indecisive ones are not counted; an improvement starts anew."""
    steps = grades or Grades()
    streak = 0
    for event in events:
        if event == "improved":
            streak = 0
        elif event == "unchanged":
            streak += 1
    reached = sum(streak >= least for least in (steps.warn, steps.change, steps.stop))
    return Plateau(LEVELS[reached], streak)
