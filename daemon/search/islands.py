"""Islands: populations that evolve apart, keep one elite a cell, and now and then send their best to a neighbour.

A state is plain data and every function returns a new one, so a campaign can keep it and replay it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

from daemon.search.cells import Cell

EXPLORE = 0.2
"""Share of draws that take any elite of the island alike."""
SHARE = 0.1
"""Share of an island's natives that migrate, at least one."""


@dataclass(frozen=True)
class Elite:
    """The best candidate of one cell of one island."""

    candidate: str
    score: float
    cell: Cell
    island: int
    migrant: bool = False
    """It came from another island, and does not travel on: else one candidate soon fills all islands."""


@dataclass(frozen=True)
class Islands:
    """All elites, in the order of island and cell."""

    count: int
    elites: tuple[Elite, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1 or any(not 0 <= one.island < self.count for one in self.elites):
            raise ValueError(f"need at least one island, and every elite on one of them (there are {self.count})")

    def on(self, island: int) -> list[Elite]:
        """The elites of an island."""
        return [one for one in self.elites if one.island == island]


def island_of(number: int, count: int) -> int:
    """The island that candidate `number` belongs to: they take turns."""
    return number % count


def settle(state: Islands, newcomers: Iterable[Elite]) -> Islands:
    """Each newcomer takes its cell if that is free or held by a lower score; what holds a cell wins a tie.

    The order of newcomers does not matter but for ties. Raises ValueError for a score that is not finite.
    """
    held = {(one.island, one.cell): one for one in state.elites}
    for one in newcomers:
        if not math.isfinite(one.score):
            raise ValueError(f"candidate {one.candidate!r}: score {one.score} cannot be compared")
        holder = held.get((one.island, one.cell))
        if holder is None or one.score > holder.score:
            held[one.island, one.cell] = one
    return Islands(state.count, tuple(held[place] for place in sorted(held)))


def migrate(state: Islands, share: float = SHARE) -> Islands:
    """Copy the best natives of each island to both neighbours in the ring, where they must win their cell.

    Source: OpenEvolve's ring migration (`database.py`), where migrants could at first migrate again and one program
    came to 183 copies.
    """
    if state.count == 1:
        return state
    travellers: list[Elite] = []
    for island in range(state.count):
        natives = sorted((one for one in state.on(island) if not one.migrant), key=lambda one: -one.score)
        for one in natives[: max(1, int(len(natives) * share))]:
            for neighbour in sorted({(island - 1) % state.count, (island + 1) % state.count}):
                if all(other.candidate != one.candidate for other in state.on(neighbour)):
                    travellers.append(replace(one, island=neighbour, migrant=True))
    return settle(state, travellers)


def choose_elite(state: Islands, island: int, rng: random.Random, explore: float = EXPLORE) -> str | None:
    """A parent from the island's elites, or None where it has none yet.

    With probability `explore` any of them alike; else in proportion to `1 / rank`, best first, which needs no unit.
    """
    elites = sorted(state.on(island), key=lambda one: (-one.score, one.cell))
    if not elites:
        return None
    if rng.random() < explore:
        return rng.choice(elites).candidate
    return rng.choices(elites, [1 / rank for rank in range(1, len(elites) + 1)])[0].candidate
