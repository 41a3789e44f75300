"""The benches compute what they say."""

from __future__ import annotations

import pytest

from tests.bench.containers import LATE_SECONDS, MEDIAN_SECONDS, Overhead, overhead
from tests.bench.throughput.rates import rates


def test_the_overhead_is_the_median_and_what_95_of_100_stay_below() -> None:
    found = overhead([number / 100 for number in range(101)])
    assert found.median == pytest.approx(0.50) and found.late == pytest.approx(0.95)
    assert overhead([0.3] * 94 + [9.0] * 6).late > LATE_SECONDS, "six of a hundred are too many"
    assert overhead([0.3] * 96 + [9.0] * 4).late < LATE_SECONDS


@pytest.mark.parametrize(
    ("median", "late", "kept"),
    [
        (MEDIAN_SECONDS, LATE_SECONDS, True),
        (MEDIAN_SECONDS + 0.001, LATE_SECONDS, False),
        (MEDIAN_SECONDS, LATE_SECONDS + 0.001, False),
    ],
)
def test_both_bounds_hold_or_the_promise_does_not(median: float, late: float, kept: bool) -> None:
    assert Overhead(median, late).kept is kept


def test_rates_are_those_between_first_and_last() -> None:
    steady = rates([10.0 + 0.5 * number for number in range(21)])
    assert steady == pytest.approx((2.0, 2.0, 2.0))
    slowing = rates([float(number**2) for number in reversed(range(41))])
    assert slowing.whole == pytest.approx(40 / 1600)
    assert slowing.first == pytest.approx(10 / 100) and slowing.last == pytest.approx(10 / (1600 - 900))
    with pytest.raises(ValueError, match="at least eight"):
        rates([1.0] * 7)
