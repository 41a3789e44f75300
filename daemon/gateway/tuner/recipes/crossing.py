"""Joins two versions of one file: places where they differ are taken from the other one, by lot."""

from __future__ import annotations

import difflib
from random import Random

from daemon.gateway.tuner.move import Move

MOST = 400
"""Lines of a file beyond which it is not compared: the comparison may take their square."""


def cross(text: str, other: str, rng: Random) -> list[Move]:
    """One child of two parents: each differing place from either with equal chance, one at least from the other."""
    places = _places(text, other)
    if not places:
        return []
    taken = [place for place in places if rng.random() < 0.5] or [rng.choice(places)]
    if len(taken) == len(places) > 1:
        taken.remove(rng.choice(taken))  # all of them would be the other parent again
    told = f"crossover: {len(taken)} of {len(places)} differing places of the second parent suit this one too"
    return [Move("cross", told, _taken(text, other, taken), 3.0)]


def adopt(text: str, other: str, rng: Random) -> list[Move]:
    """One place as an inspiration has it."""
    places = _places(text, other)
    if not places:
        return []
    place = rng.choice(places)
    shown = " ".join(" ".join(other.split("\n")[place[2] : place[3]]).split())[:80]
    return [Move("adopt", f"adopt: as in another good candidate: {shown}", _taken(text, other, [place]), 0.5)]


Place = tuple[int, int, int, int]


def _places(text: str, other: str) -> list[Place]:
    """Runs of lines that differ. Where some keep the number of lines, only those: they break least."""
    before, after = text.split("\n"), other.split("\n")
    if max(len(before), len(after)) > MOST:
        return []
    codes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    found = [(a, b, x, y) for tag, a, b, x, y in codes if tag != "equal"]
    even = [(a + i, a + i + 1, x + i, x + i + 1) for a, b, x, y in found if b - a == y - x for i in range(b - a)]
    return even or found


def _taken(text: str, other: str, places: list[Place]) -> str:
    lines, source = text.split("\n"), other.split("\n")
    for a, b, x, y in sorted(places, reverse=True):
        lines[a:b] = source[x:y]
    return "\n".join(lines)
