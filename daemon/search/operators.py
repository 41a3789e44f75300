"""How the next candidate is made: a change of one parent, a cross of two, or the repair of a near-winner."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from daemon.search.population import Member, believed, main_arm

Operator = Literal["mutate", "crossover", "fix"]
BROKEN = ("failed:wrong", "failed:build", "failed:load", "failed:crash", "failed:bad-output", "killed:")
"""Verdicts of what might work after a repair."""
RECENT = 30
"""Candidates within which a broken one is still worth a repair."""
TOP = 3
"""A broken candidate is a near-winner when its parent is among the best so many."""
BOLDER = 2.0
"""Factor on the share of crossovers while the search stands still."""


@dataclass(frozen=True)
class Shares:
    """How often an operator is used where it can be; the rest are plain changes."""

    crossover: float = 0.0
    fix: float = 0.0


@dataclass(frozen=True)
class Made:
    """The operator with its parents: `parent` is measured against, `second` is shown beside it (see `operate`)."""

    operator: Operator
    parent: str
    second: str = ""


def operate(members: Sequence[Member], parent: str, shares: Shares, rng: random.Random, *, stuck: bool = False) -> Made:
    """Draw the operator. The draws are the same in number whatever comes out.

    A crossover joins the parent with another accepted candidate, drawn by rank, that is not of its direct line. A fix
    takes the newest broken near-winner that nobody has mended yet: it starts from that tree and is measured against
    that one's own parent.
    """
    main = main_arm(members)
    luck, pick = rng.random(), rng.random()
    broken = near_winner(main) if shares.fix else None
    if broken is not None and luck < shares.fix:
        return Made("fix", broken.parent, broken.candidate)
    share = min(0.5, shares.crossover * (BOLDER if stuck else 1.0))
    if luck >= 1.0 - share:
        mates = partners(main, parent)
        if mates:
            weights = [1.0 / rank for rank in range(1, len(mates) + 1)]
            return Made("crossover", parent, _at(mates, weights, pick))
    return Made("mutate", parent)


def near_winner(main: Sequence[Member]) -> Member | None:
    """The newest broken candidate of one of the best parents that has no repair yet."""
    scores = believed(main)
    best = set(sorted(scores, key=lambda name: -scores[name])[:TOP])
    mended = {one.second for one in main if one.operator == "fix"}
    newest = main[-1].number if main else 0
    for one in reversed(main):
        if newest - one.number > RECENT:
            return None
        if (
            one.tree
            and one.operator != "fix"
            and one.verdict.startswith(BROKEN)
            and one.parent in best
            and one.candidate not in mended
        ):
            return one
    return None


def partners(main: Sequence[Member], parent: str) -> list[str]:
    """Accepted candidates to cross the parent with, best first: neither itself, nor its ancestors, nor descendants."""
    scores = believed(main)
    above = {one.candidate: one.parent for one in main}
    line = _line(parent, above)
    able = [one for one in main if one.verdict == "accepted" and one.candidate in scores]
    mates = [one for one in able if one.candidate not in line and parent not in _line(one.candidate, above)]
    return [one.candidate for one in sorted(mates, key=lambda one: (-scores[one.candidate], one.number))]


def inspirations(
    members: Sequence[Member], parent: str, rng: random.Random, count: int = 2, without: str = ""
) -> tuple[str, ...]:
    """Others to show beside the parent: the best accepted one, then some drawn at random from the rest."""
    main = main_arm(members)
    scores = believed(main)
    able = [one for one in main if one.verdict == "accepted" and one.candidate not in (parent, without)]
    able.sort(key=lambda one: (-scores[one.candidate], one.number))
    rest = able[1:]
    drawn = rng.sample(rest, min(len(rest), max(0, count - 1)))
    return tuple(one.candidate for one in (*able[:1], *drawn))


def _line(candidate: str, above: dict[str, str]) -> set[str]:
    """A candidate and all its ancestors."""
    found: set[str] = set()
    while candidate and candidate not in found:
        found.add(candidate)
        candidate = above.get(candidate, "")
    return found


def _at(mates: Sequence[str], weights: Sequence[float], share: float) -> str:
    left = share * sum(weights)
    for mate, weight in zip(mates, weights, strict=True):
        left -= weight
        if left < 0:
            return mate
    return mates[-1]
