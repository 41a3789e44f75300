"""The search beside sampling alone: what each arm of a campaign came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.search.population import SEED, Member, believed


@dataclass(frozen=True)
class Arm:
    """One arm, after some of its candidates."""

    candidates: int
    accepted: int
    best: str
    score: float


def arm(members: Sequence[Member], name: str, first: int | None = None) -> Arm | None:
    """The arm after its first so many decided candidates (absent: all); None when it had none, or there is no seed."""
    seed = [one for one in members if one.verdict == SEED]
    mine = sorted((one for one in members if one.arm == name and one.decided), key=lambda one: one.number)[:first]
    scores = believed([*seed, *mine])
    if not mine or not scores:
        return None
    best = max(scores, key=lambda one: scores[one])
    return Arm(len(mine), sum(one.verdict == "accepted" for one in mine), best, scores[best])
