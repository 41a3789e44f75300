"""Islands that are worked out from a campaign's candidates."""

from __future__ import annotations

import dataclasses
from random import Random

from hypothesis import given

from daemon.search.archipelago import Map, choose_islander, islands_of
from daemon.search.islands import island_of
from daemon.search.population import Member, believed, main_arm
from tests.daemon.search.herd import herds, made, seed

PLAN = Map(count=3, every=5)
LIKE = {"size": 1.0, "distance": 0.0}


@given(herds(most=20))
def test_every_island_has_parents_and_every_elite_is_believed(members: list[Member]) -> None:
    state = islands_of(members, PLAN)
    scores = believed(main_arm(members))
    for island in range(PLAN.count):
        assert state.on(island)
    for one in state.elites:
        assert scores[one.candidate] == one.score
        if not one.migrant and one.candidate != "x-c0":
            assert island_of(int(one.candidate.removeprefix("x-c")), PLAN.count) == one.island


def test_an_island_breeds_from_its_own_until_the_best_travel() -> None:
    members = [
        seed(features=LIKE),
        *(made(n, score=float(n == 1), features={**LIKE, "size": 2.0}) for n in range(1, 5)),
    ]
    assert choose_islander(members, PLAN, 4, Random(0)) in ("x-c1", "x-c0")
    elsewhere = {one.candidate for one in islands_of(members, PLAN).on(2)}
    assert "x-c1" not in elsewhere
    later = [*members, made(5, "failed:wrong")]
    assert "x-c1" in {one.candidate for one in islands_of(later, PLAN).on(2)}, "candidate 5 begins another era"


def test_kinds_that_differ_do_not_compete() -> None:
    small = made(3, score=0.1, features={"size": 0.3, "distance": 0.9})
    members = [seed(features=LIKE), small, made(6, score=0.9, features=LIKE)]
    alone = dataclasses.replace(PLAN, count=1)
    assert {one.candidate for one in islands_of(members, alone).elites} == {"x-c3", "x-c6"}


def test_a_candidate_without_features_has_a_place() -> None:
    assert {one.candidate for one in islands_of([seed(), made(1, score=1.0)], Map(count=1)).elites} == {"x-c1"}
