"""What counts as a right product: every honest float32 way, and nothing of less precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kernels.matmul import evaluator

CASES = [case for suite in ("visible", "sealed") for case in evaluator.cases(suite, np.random.default_rng(1))]


def judged(case: dict[str, Any], product: Any) -> str | None:
    arguments = evaluator.arguments(case, np.random.default_rng(2))
    expected = evaluator.reference(case, arguments)
    return evaluator.check(case, arguments, [product(*arguments[:2])], expected)


def sequential(a: Any, b: Any) -> Any:
    """The textbook order, in float32 throughout: the largest honest error."""
    total = np.zeros((a.shape[0], b.shape[1]), dtype=np.float32)
    for p in range(a.shape[1]):
        total += a[:, p : p + 1] * b[p : p + 1, :]
    return total


def halved(a: Any, b: Any) -> Any:
    scale = np.float32(max(float(np.abs(a).max()), 1e-30))
    return sequential((a / scale).astype(np.float16).astype(np.float32) * scale, b)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_honest_products_are_right(case: dict[str, Any]) -> None:
    assert judged(case, sequential) is None
    assert judged(case, lambda a, b: a @ b) is None


@pytest.mark.parametrize("case", [case for case in CASES if min(case["shape"]) > 8], ids=lambda case: str(case["name"]))
def test_cheap_products_are_wrong(case: dict[str, Any]) -> None:
    if case["fill"] == "zeros":
        assert judged(case, lambda a, b: sequential(a, b) + np.float32(1e-30)) is not None
        return
    complaint = judged(case, halved)
    assert complaint is not None and "elements are wrong, first c[" in complaint
    assert judged(case, lambda a, b: sequential(a[:, :-1], b[:-1])) is not None


def test_not_a_number_is_wrong() -> None:
    assert judged(CASES[0], lambda a, b: sequential(a, b) * np.nan) is not None


def test_sealed_shapes_change_and_are_not_the_visible_ones() -> None:
    visible = {case["shape"] for case in evaluator.cases("visible", np.random.default_rng(0)) if case["timed"]}
    sealed = [
        {case["shape"] for case in evaluator.cases("sealed", np.random.default_rng(seed)) if case["timed"]}
        for seed in range(5)
    ]
    assert len({frozenset(shapes) for shapes in sealed}) == 5
    assert all(not shapes & visible for shapes in sealed)


def test_edges_are_among_the_cases() -> None:
    shapes = {case["shape"] for case in CASES}
    assert any(shape[0] == 1 for shape in shapes) and any(shape[1] == 1 for shape in shapes)
    assert {case["fill"] for case in CASES} == {"plain", "zeros", "large", "small", "one-sign"}
