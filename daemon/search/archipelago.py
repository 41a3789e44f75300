"""The islands of a campaign, worked out from its candidates: restart, and they come out the same."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daemon.search.cells import Axis, cell_of
from daemon.search.islands import Elite, Islands, choose_elite, island_of, migrate, settle
from daemon.search.population import Member, believed, main_arm

AXES = (Axis("size", 0.25, 4.0, 8, log=True), Axis("distance", 0.0, 1.0, 8))
"""`size`: tokens, as a multiple of the seed's. `distance`: share of token runs that differ from the seed's."""


@dataclass(frozen=True)
class Map:
    """How many islands there are, how their cells are cut, and how often the best travel."""

    count: int = 4
    every: int = 20
    """Candidates between two migrations."""
    axes: tuple[Axis, ...] = AXES


def islands_of(members: Sequence[Member], plan: Map) -> Islands:
    """The elites after all candidates so far, taken in the order of their numbers; every island begins with the seed.

    A candidate that lacks a feature is in the first bin of its axis.
    """
    main = main_arm(members)
    scores = believed(main)
    state = Islands(plan.count)
    batch: list[Elite] = []
    era = 0
    for one in main:
        if one.number // plan.every > era:
            state, batch = migrate(settle(state, batch)), []
            era = one.number // plan.every
        if one.candidate not in scores:
            continue
        homes = range(plan.count) if one.number == 0 else (island_of(one.number, plan.count),)
        cell = cell_of(_complete(one.features, plan.axes), plan.axes)
        batch += [Elite(one.candidate, scores[one.candidate], cell, home) for home in homes]
    return settle(state, batch)


def choose_islander(members: Sequence[Member], plan: Map, number: int, rng: random.Random) -> str | None:
    """A parent from the island whose turn it is."""
    return choose_elite(islands_of(members, plan), island_of(number, plan.count), rng)


def _complete(features: Mapping[str, float], axes: Sequence[Axis]) -> dict[str, float]:
    return {axis.feature: features.get(axis.feature, axis.low) for axis in axes}
