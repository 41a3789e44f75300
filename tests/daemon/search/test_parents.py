"""Parent choice: weights, strategies, seeds."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.search.parents import Scored, Strategy, best, choose_parent, weights
from daemon.search.streams import stream

SCORES = st.integers(-100, 100).map(float)
POPULATION = st.lists(st.builds(Scored, st.uuids().map(str), SCORES, st.integers(0, 20)), min_size=1, max_size=12)


def _draws(strategy: Strategy, scored: list[Scored], count: int = 2000) -> dict[str, int]:
    rng = stream("draws")
    tally: dict[str, int] = {}
    for _ in range(count):
        parent = choose_parent(strategy, scored, "seed", rng)
        tally[parent] = tally.get(parent, 0) + 1
    return tally


def test_weights_follow_the_formula() -> None:
    # median 2, absolute deviations 2 1 0 1 8, spread 1
    scored = [Scored(str(n), score, n) for n, score in enumerate([0.0, 1.0, 2.0, 3.0, 10.0])]
    expected = [1 / (1 + math.exp(-10 * z)) / (1 + n) for n, z in enumerate([-2, -1, 0, 1, 5])]
    assert weights(scored) == pytest.approx(expected, abs=1e-9)


@given(POPULATION, st.sampled_from([0.125, 0.5, 2.0, 1024.0]), st.integers(-1000, 1000))
def test_weights_ignore_the_unit_of_the_score(scored: list[Scored], scale: float, shift: int) -> None:
    moved = [Scored(one.candidate, one.score * scale + shift, one.children) for one in scored]
    assert weights(moved) == weights(scored)  # exact: whole scores, powers of two


@given(POPULATION)
def test_every_candidate_keeps_a_chance(scored: list[Scored]) -> None:
    assert all(0 < weight <= 1 for weight in weights(scored))


@given(POPULATION, st.data())
def test_better_scores_and_fewer_children_weigh_more(scored: list[Scored], data: st.DataObject) -> None:
    first, second = (data.draw(st.sampled_from(range(len(scored)))) for _ in range(2))
    one, other = scored[first], scored[second]
    assume(one.score >= other.score and one.children <= other.children)
    found = weights(scored)
    assert found[first] >= found[second]


def test_equal_scores_are_drawn_by_children_alone() -> None:
    assert weights([Scored("a", 3.0, 0), Scored("b", 3.0, 1)]) == [0.5, 0.25]


def test_one_outlier_among_equals_wins() -> None:
    scored = [Scored(str(n), 1.0, 0) for n in range(5)] + [Scored("better", 1.001, 0)]
    assert max(_draws("sigmoid-children", scored).items(), key=lambda item: item[1])[0] == "better"


def test_a_worn_out_parent_makes_room() -> None:
    tally = _draws("sigmoid-children", [Scored("fresh", 1.0, 0), Scored("worn", 1.0, 9)])
    assert tally["fresh"] / tally["worn"] == pytest.approx(10, rel=0.25)


def test_best_takes_the_top_then_the_least_used_then_the_first() -> None:
    assert choose_parent("best", [Scored("a", 1, 0), Scored("b", 2, 5)], "seed", stream(0)) == "b"
    assert best([Scored("a", 2, 3), Scored("b", 2, 1), Scored("c", 2, 1)]).candidate == "b"


def test_iid_always_starts_from_the_seed() -> None:
    assert choose_parent("iid", [Scored("a", 9, 0)], "seed", stream(0)) == "seed"


@pytest.mark.parametrize("strategy", get_args(Strategy))
def test_an_empty_archive_gives_the_seed(strategy: Strategy) -> None:
    assert choose_parent(strategy, [], "seed", stream(0)) == "seed"


@given(POPULATION, st.integers(0, 2**64))
def test_the_same_seed_gives_the_same_parents(scored: list[Scored], seed: int) -> None:
    runs = [[choose_parent("sigmoid-children", scored, "s", stream(seed, n)) for n in range(5)] for _ in range(2)]
    assert runs[0] == runs[1]


def test_what_cannot_be_weighed_is_named() -> None:
    with pytest.raises(ValueError, match=r"'bad'.*nan"):
        weights([Scored("bad", math.nan, 0)])
    with pytest.raises(ValueError, match=r"'worst'.*use one of"):
        choose_parent("worst", [Scored("a", 1, 0)], "seed", stream(0))  # type: ignore[arg-type]


def test_streams_are_fixed_for_ever_and_apart() -> None:
    assert stream(7, "parent", 3).getrandbits(32) == 1123593143
    assert stream("ab", "c").random() != stream("a", "bc").random()
    assert stream("1").random() == stream(1).random()
