"""Crossover, repair and inspirations."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from daemon.search.operators import Made, Shares, inspirations, near_winner, operate, partners
from daemon.search.population import Member, main_arm
from tests.daemon.search.herd import herds, made, seed

FAMILY = [
    seed(),
    made(1, score=0.5),
    made(2, score=0.7, parent=1),
    made(3, score=0.6),
    made(4, "failed:no-gain", 3, 0.1),
]


def test_partners_are_accepted_and_of_another_line() -> None:
    assert partners(FAMILY, "x-c2") == ["x-c3"]
    assert partners(FAMILY, "x-c3") == ["x-c2", "x-c1"]
    assert partners(FAMILY, "x-c4") == ["x-c2", "x-c1"], "a child is not crossed with its own ancestors"
    assert partners(FAMILY, "x-c0") == [], "everybody descends from the seed"


def test_a_broken_child_of_a_good_parent_is_mended_once() -> None:
    broken = [*FAMILY, made(5, "failed:wrong", 2), made(6, "failed:no-gain", 2, 0.0)]
    found = near_winner(broken)
    assert found is not None and found.candidate == "x-c5"
    always = Shares(fix=1.0)
    assert operate(broken, "x-c3", always, Random(1)) == Made("fix", "x-c2", "x-c5")
    tried = [*broken, made(7, "failed:wrong", 2, operator="fix", second="x-c5")]
    assert near_winner(tried) is None, "a failed repair is not repaired again"
    assert operate(tried, "x-c3", always, Random(1)) == Made("mutate", "x-c3")


def test_what_cannot_be_repaired() -> None:
    assert near_winner([*FAMILY, made(5, "failed:wrong", 2, tree="")]) is None, "nothing was committed"
    assert near_winner([*FAMILY, made(5, "denied:EDIT-SIZE", 2)]) is None
    poor = [*FAMILY, made(5, "failed:wrong", 4)]
    assert near_winner(poor) is None, "its parent is not among the best"
    late = [*FAMILY, made(5, "failed:wrong", 2), *(made(n, "failed:no-gain", 2, 0.0) for n in range(6, 40))]
    assert near_winner(late) is None


def test_shares_are_kept() -> None:
    rng = Random(3)
    drawn = [operate(FAMILY, "x-c3", Shares(crossover=0.25), rng).operator for _ in range(2000)]
    assert 400 < drawn.count("crossover") < 600
    stuck = [operate(FAMILY, "x-c3", Shares(crossover=0.25), rng, stuck=True).operator for _ in range(2000)]
    assert 880 < stuck.count("crossover") < 1120
    assert {operate(FAMILY, "x-c3", Shares(), rng).operator for _ in range(200)} == {"mutate"}


def test_better_partners_are_drawn_more_often() -> None:
    rng = Random(4)
    mates = [operate(FAMILY, "x-c3", Shares(crossover=1.0), rng, stuck=False).second for _ in range(4000)]
    assert mates.count("x-c2") > 1.5 * mates.count("x-c1") > 0


@given(herds(), st.integers(0, 99))
def test_inspirations_are_accepted_others_the_best_first(members: list[Member], drawn: int) -> None:
    shown = inspirations(members, "x-c0", Random(drawn), 2)
    able = {one.candidate: one for one in main_arm(members) if one.verdict == "accepted"}
    assert len(shown) == min(2, len(able)) == len(set(shown)) and set(shown) <= set(able)
    if shown:
        best = max(one.score for one in able.values() if one.score is not None)
        assert able[shown[0]].score == best
