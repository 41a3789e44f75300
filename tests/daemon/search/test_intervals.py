"""Intervals: known quantiles, coverage, strata."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.intervals import Interval, mean_interval, speedup, stratified_interval, t_quantile
from daemon.search.streams import stream


@pytest.mark.parametrize(
    ("probability", "freedom", "expected"),
    [
        (0.975, 1, 12.7062), (0.975, 2, 4.30265), (0.975, 3, 3.18245), (0.975, 4, 2.77645), (0.975, 9, 2.26216),
        (0.975, 30, 2.04227), (0.95, 5, 2.01505), (0.95, 8, 1.85955), (0.995, 7, 3.49948), (0.995, 1, 63.6567),
        (0.975, 1000, 1.96234),
    ],
)  # fmt: skip
def test_quantiles_agree_with_the_printed_tables(probability: float, freedom: int, expected: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(expected, rel=1e-5)


def test_an_interval_by_hand() -> None:
    found = mean_interval([1.0, 2.0, 3.0])  # s = 1, t = 4.30265
    assert (found.mean, found.count) == (2.0, 3)
    assert (found.low, found.high) == pytest.approx((2 - 4.30265 / math.sqrt(3), 2 + 4.30265 / math.sqrt(3)), rel=1e-5)


def test_coverage_is_what_it_says() -> None:
    rng = stream("coverage")
    covered = 0
    for _ in range(1000):
        found = mean_interval([rng.gauss(1, 2) for _ in range(6)])
        assert found.low is not None and found.high is not None
        covered += found.low <= 1 <= found.high
    assert 0.93 <= covered / 1000 <= 0.97


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_the_mean_lies_inside(gains: list[float]) -> None:
    found = mean_interval(gains)
    assert found.low is not None and found.high is not None
    assert found.low <= found.mean <= found.high


def test_one_pair_has_no_interval_and_none_has_no_mean() -> None:
    assert mean_interval([0.5]) == Interval(0.5, None, None, 1)
    for empty in ([], [math.nan]):
        with pytest.raises(ValueError, match="at least one gain"):
            mean_interval(empty)
    with pytest.raises(ValueError, match="at least one gain"):
        stratified_interval({})
    with pytest.raises(ValueError, match="level"):
        mean_interval([1.0, 2.0], level=1.0)


def test_equal_gains_leave_no_doubt() -> None:
    assert mean_interval([0.25] * 5) == Interval(0.25, 0.25, 0.25, 5)
    assert stratified_interval({"a": [0.25] * 2, "b": [0.75] * 2}) == Interval(0.5, 0.5, 0.5, 4)


def test_strata_weigh_cases_equally_and_ignore_what_lies_between_them() -> None:
    gains = {"small": [0.0, 0.1] * 10, "large": [2.0, 2.1]}
    found = stratified_interval(gains)
    flat = mean_interval([gain for case in gains.values() for gain in case])
    assert found.mean == pytest.approx(1.05)
    assert found.low is not None and found.high is not None and flat.low is not None and flat.high is not None
    assert found.count == flat.count == 22
    assert stratified_interval({"a": [1.0, 1.1, 0.9], "b": [3.0, 3.1, 2.9]}).high == pytest.approx(2.11335, abs=1e-5)


def test_strata_with_single_pairs_fall_back_to_the_spread_between_cases() -> None:
    assert stratified_interval({"a": [1.0], "b": [3.0]}) == mean_interval([1.0, 3.0])


def test_speedup_is_the_geometric_mean() -> None:
    found = speedup(mean_interval([math.log(2), math.log(8)]))
    assert found.mean == pytest.approx(4.0)
    assert found.low is not None and found.high is not None
    assert found.low * found.high == pytest.approx(16.0)
    assert speedup(mean_interval([math.log(3)])).low is None
