"""Judge side of `packing`: exact feasibility (tolerance 0) and the sum of the radii.

A float64 is a rational number, so that the conditions of a packing can be decided without any rounding: for circles
(x, y, r): r > 0, r <= x <= 1 - r, r <= y <= 1 - r, and (x - u)^2 + (y - v)^2 >= (r + s)^2 for every two.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

Case = dict[str, Any]

CIRCLES = 26


def cases(suite: str, rng: Any) -> list[Case]:
    """Other numbers of circles only need to be feasible; the score is of 26."""
    small = (1, 2, 7, 19) if suite == "visible" else (int(rng.integers(3, 25)),)
    return [{"name": f"n{n}", "n": n, "timed": n == CIRCLES} for n in (*small, CIRCLES)]


def arguments(case: Case, rng: Any) -> list[Any]:
    """`pack(n, seed)`, with a fresh seed in every call."""
    return [case["n"], int(rng.integers(1, 2**31))]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """One row (x, y, r) per circle."""
    return [((case["n"], 3), "float64")]


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """Exact; see the top of the file."""
    circles = [tuple(Fraction(float(value)) for value in row) for row in outputs[0]]
    for i, (x, y, r) in enumerate(circles):
        if r <= 0:
            return f"circle {i} has radius {float(r)}"
        if x < r or y < r or x + r > 1 or y + r > 1:
            return f"circle {i} leaves the square"
        for j, (u, v, s) in enumerate(circles[:i]):
            if (x - u) ** 2 + (y - v) ** 2 < (r + s) ** 2:
                return f"circles {j} and {i} overlap"
    return None


def score(case: Case, arguments: list[Any], outputs: list[Any]) -> float:
    """Sum of the radii, rounded once."""
    return math.fsum(outputs[0][:, 2])
