"""Judge side of `softmax_triton`: shapes, inputs, and what a right softmax is."""

from __future__ import annotations

from typing import Any

import numpy as np

Case = dict[str, Any]

EDGES = [(1, 1), (3, 2), (1, 1023), (257, 64), (5, 4097), (64, 1000)]
TIMED = [(4096, 2048), (2048, 5120), (8192, 1024)]
BATCH = 2
"""Launches of one call, each with inputs of its own."""
SPREAD = 8.0
"""Inputs are drawn from (-SPREAD, SPREAD)."""
SHIFT = 100.0
"""Each row is shifted by up to this: who forgets the maximum overflows."""
ROUNDING = 2.0**-24


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
    """`softmax(x, y, rows, columns)`; the first dimension of every array counts launches."""
    rows, columns = case["rows"], case["columns"]
    x = (rng.random((BATCH, rows, columns), dtype=np.float32) - np.float32(0.5)) * np.float32(2 * SPREAD)
    x += (rng.random((BATCH, rows, 1), dtype=np.float32) - np.float32(0.5)) * np.float32(2 * SHIFT)
    return [x, "out", rows, columns]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """As large as `x`."""
    return [((BATCH, case["rows"], case["columns"]), "float32")]


def reference(case: Case, arguments: list[Any]) -> Any:
    """In float64."""
    x = arguments[0].astype(np.float64)
    powers = np.exp(x - x.max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True)


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """Every element is compared."""
    # An exponent of up to 2 SPREAD, scaled by log2(e) and rounded, is off by as many roundings; the sum adds sqrt(n),
    # and the hardware's exponential and division some more. Float16 is far beyond it.
    tolerance = (4 * SPREAD + np.sqrt(case["columns"]) + 8.0) * ROUNDING
    wrong = ~(np.abs(outputs[0] - expected) <= tolerance * expected)
    if not wrong.any():
        return None
    launch, row, column = np.argwhere(wrong)[0]
    seen = outputs[0][launch, row, column]
    return f"{wrong.sum()} of {wrong.size} elements are wrong, first y[{row}][{column}] = {seen:.7g}"


def work(case: Case) -> tuple[float, float]:
    """Of one launch: maximum, exponential, sum, division; read once, written once."""
    elements = case["rows"] * case["columns"]
    return 4.0 * elements, 8.0 * elements
