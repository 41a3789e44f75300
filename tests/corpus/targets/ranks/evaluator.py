"""Judge side of `ranks`."""

from __future__ import annotations

from typing import Any

import numpy as np

Case = dict[str, Any]


def cases(suite: str, rng: np.random.Generator) -> list[Case]:
    """Short lists are only checked."""
    sizes = [1, 2, 450, 500] if suite == "visible" else [1, int(rng.integers(2, 50)), int(rng.integers(420, 550))]
    return [{"name": f"n{n}", "n": n, "timed": n > 100} for n in sizes]


def arguments(case: Case, rng: np.random.Generator) -> list[Any]:
    """`rank(x)`."""
    return [rng.random(case["n"])]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """One rank for each element."""
    return [((case["n"],), "int64")]


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """Exact."""
    ranks = np.searchsorted(np.sort(arguments[0]), arguments[0])
    wrong = outputs[0] != ranks
    return f"{wrong.sum()} of {wrong.size} ranks are wrong" if wrong.any() else None
