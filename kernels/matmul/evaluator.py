"""Judge side of `matmul`: shapes, inputs, and what a right product is."""

from __future__ import annotations

from typing import Any

import numpy as np

Case = dict[str, Any]

EDGES = [(1, 1, 1), (1, 97, 33), (65, 1, 129), (31, 64, 1), (17, 19, 23), (100, 129, 67)]
FILLS = {"zeros": (0.0, 0.0), "large": (-1e15, 1e15), "small": (-1e-12, 1e-12), "one-sign": (0.5, 1.0)}
TIMED = [(256, 256, 256), (288, 319, 301), (384, 320, 256)]
TOLERANCE = 4.0
"""In units of sqrt(k) * 2^-24 * |row| * |column|: float32 sums in any order stay below 1, float16 products do not."""


def cases(suite: str, rng: np.random.Generator) -> list[Case]:
    """Edges for being right, larger shapes for being fast. Sealed ones and two edges are drawn anew in each session."""

    def drawn(low: int, high: int, step: int = 1) -> list[tuple[int, ...]]:
        return [tuple(int(size) * step for size in rng.integers(low, high + 1, 3)) for _ in range(2)]

    if suite == "sealed":
        edges, timed = drawn(1, 9) + drawn(10, 140), drawn(4, 6, 64) + drawn(240, 384)
        filled = list(zip(FILLS, drawn(1, 140) + drawn(1, 140), strict=True))
    else:
        # Two that nobody can know beforehand: being right at the published shapes is not being right.
        edges, timed = [*EDGES, *drawn(2, 140)], [*TIMED]
        filled = list(zip(FILLS, [(96, 80, 112), (45, 131, 77), (77, 45, 131), (64, 96, 200)], strict=True))
    return [
        *(_case(shape, "plain", False) for shape in edges),
        *(_case(shape, fill, False) for fill, shape in filled),
        *(_case(shape, "plain", True) for shape in timed),
    ]


def arguments(case: Case, rng: np.random.Generator) -> list[Any]:
    """`matmul(a, b, c, n, m, k)`."""
    n, m, k = case["shape"]
    low, high = (np.float32(end) for end in FILLS.get(case["fill"], (-1.0, 1.0)))
    a, b = (rng.random(shape, dtype=np.float32) * (high - low) + low for shape in ((n, k), (k, m)))
    return [a, b, "out", n, m, k]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """One n x m matrix."""
    n, m, _ = case["shape"]
    return [((n, m), "float32")]


def reference(case: Case, arguments: list[Any]) -> tuple[Any, Any]:
    """The product in float64, and for each element how far float32 may be from it."""
    a, b = (matrix.astype(np.float64) for matrix in arguments[:2])
    bound = TOLERANCE * np.sqrt(a.shape[1]) * 2.0**-24
    return a @ b, bound * np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=0))


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """Every element is compared."""
    product, allowed = expected
    error = np.abs(outputs[0] - product)
    wrong = ~(error <= allowed)
    if not wrong.any():
        return None
    i, j = np.argwhere(wrong)[0]
    return f"{wrong.sum()} of {wrong.size} elements are wrong, first c[{i}][{j}] = {outputs[0][i, j]:.7g}"


def work(case: Case) -> tuple[float, float]:
    """Fewest operations of the plain method, and bytes that must move."""
    n, m, k = case["shape"]
    return 2.0 * n * m * k, 4.0 * (n * k + k * m + n * m)


def _case(shape: tuple[int, ...], fill: str, timed: bool) -> Case:
    n, m, k = shape
    return {"name": f"{n}x{k}x{m}-{fill}", "shape": shape, "fill": fill, "timed": timed}
