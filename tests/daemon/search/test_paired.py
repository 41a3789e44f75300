"""Paired statistics over tasks: exact, anytime-valid, and honest about ties."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.paired import Paired, e_value, gain_interval, paired, reachable, sign_test, wins_needed


def test_counts_take_only_what_both_tried() -> None:
    child = {"a": True, "b": True, "c": False, "d": True}
    parent = {"a": True, "b": False, "c": True, "e": True}
    assert paired(child, parent) == Paired(tasks=3, wins=1, losses=1, child=2, parent=2)


@given(st.integers(0, 12), st.integers(0, 12))
def test_the_e_value_is_the_mixture(wins: int, losses: int) -> None:
    steps = 4000
    total = sum(
        (2 * t) ** wins * (2 * (1 - t)) ** losses for t in ((steps + 2 * i + 1) / steps / 2 for i in range(steps // 2))
    )
    assert e_value(wins, losses) == pytest.approx(total * 2 / steps, rel=1e-3)


def test_the_e_value_is_fair_at_every_look() -> None:
    for n in range(1, 9):
        mean = sum(
            (Fraction(1, 2**n) * Fraction(e_value(sum(path), n - sum(path))))
            for path in itertools.product((0, 1), repeat=n)
        )
        assert float(mean) == pytest.approx(1.0)


def test_false_alarms_stay_below_alpha_although_one_looks_after_every_task() -> None:
    threshold, n = 20.0, 16
    alarms = 0
    for path in itertools.product((0, 1), repeat=n):
        wins = 0
        for i, won in enumerate(path, 1):
            wins += won
            if e_value(wins, i - wins) >= threshold:
                alarms += 1
                break
    assert alarms / 2**n <= 1 / threshold


def test_known_values() -> None:
    assert sign_test(5, 0) == 1 / 32
    assert sign_test(8, 2) == pytest.approx(56 / 1024)
    assert gain_interval(Paired(29, 6, 0, 10, 4)).low == pytest.approx(6 / 29 * (2 * 0.5407) - 6 / 29, abs=1e-3)
    assert gain_interval(Paired(29, 5, 0, 10, 5)).low < 0  # type: ignore[operator]
    assert gain_interval(Paired(29, 0, 0, 4, 4)).low is None
    assert gain_interval(Paired(10, 0, 10, 0, 10)).high < 0  # type: ignore[operator]


def test_what_can_still_be_reached() -> None:
    assert wins_needed(20, 21) == 7
    assert wins_needed(1e9, 5) is None
    assert reachable(0, 0, 7, 20) and not reachable(0, 0, 6, 20)
    assert not reachable(0, 3, 8, 20)
    with pytest.raises(ValueError, match="not negative"):
        e_value(-1, 0)
