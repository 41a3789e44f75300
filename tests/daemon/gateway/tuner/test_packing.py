"""Edits of a packing: still programs, and still feasible unless the edit is the one that gives up its safety share."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from daemon.gateway.tuner.answer import offers
from daemon.gateway.tuner.prompt import Task
from tests.daemon.gateway.tuner.seeds import PACKING


def load(text: str) -> Callable[[int, int], list[tuple[float, float, float]]]:
    space: dict[str, Any] = {}
    exec(compile(text, "packing.py", "exec"), space)  # noqa: S102  # the candidate is our own tuner's
    found: Callable[[int, int], list[tuple[float, float, float]]] = space["pack"]
    return found


def feasible(circles: list[tuple[float, float, float]]) -> bool:
    exact = [tuple(map(Fraction, circle)) for circle in circles]
    inside = all(0 < r <= x <= 1 - r and r <= y <= 1 - r for x, y, r in exact)
    return inside and all(
        (x - u) ** 2 + (y - v) ** 2 >= (r + s) ** 2 for i, (x, y, r) in enumerate(exact) for u, v, s in exact[:i]
    )


@pytest.mark.parametrize("seed", range(6))
def test_edits_meet_each_other_and_stay_feasible(seed: int) -> None:
    rng, text = Random(seed), PACKING
    tried: list[str] = []
    for _ in range(4):
        moves = [
            move
            for _, move in offers(Task({"packing.py": text}), rng)
            if move.recipe not in ("no-slack", "tunable", *tried)
        ]
        move = rng.choice(moves)
        text = move.text
        tried.append(move.recipe)
    pack = load(text)
    for n in (1, 2, 7, 26):
        assert len(pack(n, 5)) == n
        assert feasible(pack(n, 5)), (tried, n)
    assert pack(7, 5) == pack(7, 5)


def test_known_edits_improve_the_seed() -> None:
    text = PACKING
    for recipe in ("relaxation", "greedy-growth", "hexagonal"):
        text = next(m.text for _, m in offers(Task({"packing.py": text}), Random(1)) if m.recipe == recipe)
    assert sum(r for _, _, r in load(text)(26, 3)) > sum(r for _, _, r in load(PACKING)(26, 3)) + 0.3


def test_every_known_edit_is_offered_once() -> None:
    offered = [move.recipe for _, move in offers(Task({"packing.py": PACKING}), Random(2))]
    assert sorted(set(offered) - {"tunable"}) == [
        "greedy-growth", "hexagonal", "jumps", "no-slack", "relaxation", "scattered", "several-starts", "small-first",
    ]  # fmt: skip
    assert offered.count("tunable") == 5
