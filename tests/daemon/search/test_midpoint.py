"""The moving midpoint: formula, unit, and that nobody is shut out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.midpoint import midpoint_weights, range_of
from daemon.search.parents import Scored, choose_parent
from daemon.search.streams import stream

POPULATION = st.lists(
    st.builds(Scored, st.uuids().map(str), st.integers(-100, 100).map(float), st.integers(0, 10_000)),
    min_size=1,
    max_size=12,
)


def test_the_formula() -> None:
    scored = [Scored(str(n), score, n) for n, score in enumerate([0.1, 0.2, 0.3, 0.4])]
    middle = (0.2 + 0.3 + 0.4) / 3
    expected = [1 / (1 + math.exp(-10 * (one.score - middle))) * math.exp(-((one.children / 8) ** 3)) for one in scored]
    assert midpoint_weights(scored) == pytest.approx(expected)


@given(POPULATION)
def test_every_candidate_keeps_a_chance(scored: list[Scored]) -> None:
    assert all(0 < weight <= 1 for weight in midpoint_weights(scored, range_of(scored)))
    parent = choose_parent("moving-midpoint", scored, "seed", stream("x"))
    assert parent in {one.candidate for one in scored}


@given(POPULATION, st.sampled_from([0.25, 4.0, 1024.0]))
def test_the_range_makes_it_free_of_the_unit(scored: list[Scored], scale: float) -> None:
    moved = [Scored(one.candidate, one.score * scale, one.children) for one in scored]
    before, after = (midpoint_weights(every, range_of(every)) for every in (scored, moved))
    assert after == pytest.approx(before)


def test_low_and_high_scores_are_told_apart_alike() -> None:
    # A midpoint fixed at 0.5 gives 1.5 and 1.03 here.
    low, high = ([Scored("a", base, 0), Scored("b", base + 0.05, 0)] for base in (0.1, 0.9))
    ratios = [weights[1] / weights[0] for weights in (midpoint_weights(low), midpoint_weights(high))]
    assert ratios[0] == pytest.approx(ratios[1])


def test_a_scale_must_be_one() -> None:
    with pytest.raises(ValueError, match="above zero"):
        midpoint_weights([Scored("a", 1, 0)], 0.0)
    assert midpoint_weights([]) == []
