"""Judge side of `sweep`: running means, compared in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

Case = dict[str, Any]

TIMED = [24000, 24576, 26001]
TOLERANCE = 1e-6
"""Absolute; the numbers lie between 0 and 1, and a float32 in that range is known to 6e-8."""


def cases(suite: str, rng: np.random.Generator) -> list[Case]:
    """Fixed edges and fixed timed lengths, or fresh ones when sealed."""
    edges, timed = [1, 2, 17], TIMED
    if suite == "sealed":
        edges, timed = [1, *map(int, rng.integers(2, 100, 3))], [int(n) for n in rng.integers(23000, 27000, 3)]
    return [{"name": f"n{n}", "n": n, "timed": n in timed} for n in (*edges, *timed)]


def arguments(case: Case, rng: np.random.Generator) -> list[Any]:
    """`sweep(x, y, n)`."""
    return [rng.random(case["n"], dtype=np.float32), "out", case["n"]]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """One mean for each element."""
    return [((case["n"],), "float32")]


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """Every element."""
    means = np.cumsum(arguments[0], dtype=np.float64) / np.arange(1, case["n"] + 1)
    wrong = ~(np.abs(outputs[0] - means) <= TOLERANCE)
    return f"{wrong.sum()} of {wrong.size} means are wrong" if wrong.any() else None


def work(case: Case) -> tuple[float, float]:
    """One addition and one division each, all of it read and written once."""
    return 2.0 * case["n"], 8.0 * case["n"]
