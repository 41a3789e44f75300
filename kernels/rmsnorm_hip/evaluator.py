"""Judge side of `rmsnorm_hip`: shapes, inputs, and what a right normalisation is."""

from __future__ import annotations

from typing import Any

import numpy as np

Case = dict[str, Any]

EPSILON = 1e-6
EDGES = [(1, 1), (3, 2), (1, 1023), (257, 64), (5, 4097), (64, 1000)]
TIMED = [(4096, 2048), (2048, 5120), (8192, 1024)]
BATCH = 2
"""Launches of one call, each with inputs of its own."""
ROUNDING = 2.0**-24
OTHERS = 8.0
"""Roundings of square root, division and products."""


def cases(suite: str, rng: np.random.Generator) -> list[Case]:
    """Edges for being right, larger shapes for being fast. Sealed ones and two edges are drawn anew in each session."""
    drawn = [(int(rng.integers(1, 400)), int(rng.integers(1, 3000))) for _ in range(2)]
    timed = TIMED
    if suite == "sealed":
        timed = [(int(rng.integers(2048, 8193)), int(rng.integers(1024, 3001))) for _ in range(2)]
    shapes = [(shape, False) for shape in [*([] if suite == "sealed" else EDGES), *drawn]]
    return [
        {"name": f"{rows}x{columns}", "rows": rows, "columns": columns, "timed": measured}
        for (rows, columns), measured in [*shapes, *((shape, True) for shape in timed)]
    ]


def arguments(case: Case, rng: np.random.Generator) -> list[Any]:
    """`rmsnorm(x, w, y, rows, columns)`; the first dimension of every array counts launches."""
    rows, columns = case["rows"], case["columns"]
    x = rng.random((BATCH, rows, columns), dtype=np.float32) * np.float32(8) - np.float32(4)
    w = rng.random((BATCH, columns), dtype=np.float32) + np.float32(0.5)
    return [x, w, "out", rows, columns]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """As large as `x`."""
    return [((BATCH, case["rows"], case["columns"]), "float32")]


def reference(case: Case, arguments: list[Any]) -> Any:
    """In float64."""
    x, w = (array.astype(np.float64) for array in arguments[:2])
    return x * w[:, None, :] / np.sqrt((x * x).mean(axis=2, keepdims=True) + EPSILON)


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """Every element is compared."""
    # Float32 sums of n squares, in any order: errors of n roundings grow as sqrt(n). Float16 is far beyond it.
    tolerance = (OTHERS + np.sqrt(case["columns"])) * ROUNDING
    wrong = ~(np.abs(outputs[0] - expected) <= tolerance * np.abs(expected) + 1e-30)
    if not wrong.any():
        return None
    launch, row, column = np.argwhere(wrong)[0]
    seen = outputs[0][launch, row, column]
    return f"{wrong.sum()} of {wrong.size} elements are wrong, first y[{row}][{column}] = {seen:.7g}"


def work(case: Case) -> tuple[float, float]:
    """Of one launch: two operations to square and add, three to scale; read once, written once."""
    elements = case["rows"] * case["columns"]
    return 5.0 * elements, 8.0 * elements
