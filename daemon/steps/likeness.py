"""What a tree is like: its fingerprint, its features for the cells of islands, and which earlier tree it repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from daemon.repo import TreeStore
from daemon.search.novelty import Fingerprint, Twin, find_twin, fingerprint, similarity
from daemon.search.population import Member

RUNS_LIMIT = 512 * 1024
"""Bytes of a tree beyond which its runs of tokens are not looked at, only its whole."""
NEAR_LIMIT = 200
"""Newest candidates among which near twins are looked for."""


class Likeness(NamedTuple):
    """See `CandidateRow`."""

    fingerprint: str
    features: dict[str, float]


def likeness(trees: TreeStore, tree: str, seed_tree: str) -> Likeness:
    """Fingerprint and features of a tree: `size` in distinct token runs of the seed, `distance` 0 to 1 from it."""
    mine, seed = _known(trees, tree), _known(trees, seed_tree)
    if mine.shingles is None or seed.shingles is None:
        return Likeness(mine.exact, {})
    size = max(1, len(mine.shingles)) / max(1, len(seed.shingles))
    return Likeness(mine.exact, {"size": size, "distance": 1.0 - similarity(mine, seed)})


def twin_of(trees: TreeStore, tree: str, seen: Sequence[Member], near: float | None) -> str:
    """The earlier candidate that a tree repeats, or nothing. May only reject.

    Exact twins are found by fingerprint, without reading a tree; near ones, where they are asked for, among the newest.
    """
    mine = _known(trees, tree)
    for one in seen:
        if one.fingerprint and one.fingerprint == mine.exact and not one.verdict.startswith("inconclusive"):
            return one.candidate
    if near is None or mine.shingles is None:
        return ""
    others = (replace(_known(trees, one.tree), candidate=one.candidate) for one in seen[-NEAR_LIMIT:] if one.tree)
    found: Twin | None = find_twin(mine, (other for other in others if other.shingles is not None), near)
    return found.candidate if found else ""


def nearest_by_runs(trees: TreeStore, tree: str, seen: Sequence[Member]) -> tuple[Member, float] | None:
    """The one that shares most runs of tokens with a tree, and which share of them (0 to 1); None for large trees."""
    mine = _known(trees, tree)
    if mine.shingles is None:
        return None
    known = [(one, _known(trees, one.tree)) for one in seen if one.tree]
    alike = [(one, similarity(mine, other)) for one, other in known if other.shingles is not None]
    return max(alike, key=lambda pair: pair[1], default=None)


@lru_cache(maxsize=256)
def _known(trees: TreeStore, tree: str) -> Fingerprint:
    """Trees never change, so each is read once while it matters."""
    files = {path: file.data for path, file in trees.read_tree(tree).items()}
    return fingerprint("", files, near=sum(map(len, files.values())) <= RUNS_LIMIT)
