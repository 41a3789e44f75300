"""Feasibility without any tolerance."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.packing import evaluator

SEED = Path(__file__).resolve().parents[2] / "kernels" / "packing" / "seed" / "packing.py"


def complaint(circles: list[tuple[float, float, float]]) -> str | None:
    case = {"name": "n", "n": len(circles), "timed": True}
    return evaluator.check(case, [len(circles), 1], [np.array(circles)], None)


def seed() -> ModuleType:
    spec = importlib.util.spec_from_file_location("packing_seed", SEED)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_touching_is_allowed_and_a_hair_more_is_not() -> None:
    assert complaint([(0.25, 0.25, 0.25), (0.75, 0.25, 0.25), (0.25, 0.75, 0.25), (0.75, 0.75, 0.25)]) is None
    over = math.nextafter(0.25, 1)
    assert complaint([(0.25, 0.25, 0.25), (0.75 - 2**-53, 0.25, 0.25)]) == "circles 0 and 1 overlap"
    assert complaint([(0.25, 0.25, over)]) == "circle 0 leaves the square"
    assert complaint([(1 - 2**-53, 0.5, 2**-53)]) is None
    assert complaint([(1 - 2**-53, 0.5, math.nextafter(2**-53, 1))]) == "circle 0 leaves the square"


def test_an_overlap_that_floats_cannot_see_is_seen() -> None:
    # In floats the squared distance rounds to 0.0625 and the squared sum of radii too; exactly, they differ.
    assert complaint([(0.25, 0.25, 0.25), (0.5, 0.25 - 2**-40, 2**-50)]) == "circles 0 and 1 overlap"


@pytest.mark.parametrize("r", [0.0, -0.1, -0.0])
def test_every_radius_is_positive(r: float) -> None:
    assert complaint([(0.5, 0.5, r)]) is not None


@given(st.integers(1, 26), st.integers(0, 2**31))
def test_the_seed_is_feasible_and_deterministic(n: int, number: int) -> None:
    module: Any = seed()
    module.STEPS = 5
    circles = module.pack(n, number)
    assert circles == module.pack(n, number)
    assert complaint(circles) is None


def test_the_score_is_the_sum_and_the_seed_leaves_room() -> None:
    circles = np.array(seed().pack(26, 7))
    score = evaluator.score({"n": 26}, [26, 7], [circles])
    assert score == math.fsum(circles[:, 2])
    assert 1.8 < score < 2.4
