"""A child that is no better than a steady parent is rejected by its check alone; nothing else is decided so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.records.db import Database, sqlite_url
from daemon.records.once import Once
from daemon.search.steady import ENOUGH
from daemon.steps.measuring import _learn, screened
from kernels.target import load_target
from sandbox.judging import Pair
from tests.sandbox.judge.conftest import CHECKOUT

PARENT, CHILD = "p" * 40, "c" * 40


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Any]:
    db = Database(sqlite_url(tmp_path / "records.db"))
    yield SimpleNamespace(once=Once(db))
    db.close()


def session(checked: dict[str, float], pairs: list[tuple[float, float]] | None = None) -> Any:
    measured = [Pair(case="n26", parent=parent, child=child, first="child") for parent, child in pairs or []]
    return SimpleNamespace(checked=checked, measured=measured)


def decided(house: Any, value: float, *, target: str = "packing", campaign: str = "k") -> float | None:
    found = screened(house, campaign, session({"n26": value}), load_target(CHECKOUT / "kernels" / target), PARENT)
    assert found is None or (found.decision is None and found.cases == {"n26": found.interval.mean})
    return None if found is None else found.interval.mean


def test_it_may_only_reject(house: Any) -> None:
    _learn(house, "k", session({"n26": 2.0}, [(9.0, 2.0)] * (ENOUGH - 1)), PARENT)
    assert decided(house, 1.5) == -0.5
    assert decided(house, 2.0) == 0.0
    assert decided(house, 2.5) is None, "a gain is measured in full"
    assert decided(house, 1.5, campaign="other") is None
    assert decided(house, 1.5, target="matmul") is None, "a time is never without noise"


@pytest.mark.parametrize("own", [[2.0] * (ENOUGH - 2), [2.0] * ENOUGH + [2.5]])
def test_a_parent_that_differed_or_was_hardly_seen_is_run_beside_the_child(house: Any, own: list[float]) -> None:
    _learn(house, "k", session({"n26": 2.0}, [(9.0, value) for value in own]), PARENT)
    assert decided(house, 1.5) is None


def test_only_a_tree_s_own_measurement_counts(house: Any) -> None:
    _learn(house, "k", session({"n26": 7.0}, [(2.0, 7.0)] * ENOUGH), CHILD)
    assert decided(house, 1.5) is None
