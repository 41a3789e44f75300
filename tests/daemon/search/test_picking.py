"""One choice of the search, whatever the archive holds."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.operators import Shares
from daemon.search.picking import OTHERS, STRATEGIES, Plan, Strategy, pick, standing_of, strategy_for
from daemon.search.population import Member
from tests.daemon.search.herd import herds, made, seed

PLAN = Plan("x", 7, "x-c0", models=("m", "n"), shares=Shares(0.3, 0.3), control=0.2)


@given(herds(), st.sampled_from(STRATEGIES), st.integers(0, 2**31))
def test_a_choice_is_sound_and_the_same_again(members: list[Member], strategy: Strategy, drawn: int) -> None:
    plan = dataclasses.replace(PLAN, strategy=strategy, seed=drawn)
    number = len(members)
    chosen = pick(plan, members, number)
    shuffled = sorted(members, key=lambda one: hash((one.candidate, drawn)))
    assert pick(plan, shuffled, number) == chosen == pick(plan, members, number), "the archive decides, not its order"
    main = {one.candidate for one in members if one.arm == "main"}
    parents = {one.candidate for one in members if one.honest and one.arm == "main"}
    assert chosen.parent in parents
    assert set(chosen.models) == {"m", "n"} and len(chosen.models) == 2
    shown = {chosen.parent, chosen.second} - {""}
    assert shown <= main and not shown & set(chosen.inspirations) and set(chosen.inspirations) <= main
    assert (chosen.operator == "mutate") == (not chosen.second)
    if chosen.arm == "control" or strategy == "iid":
        assert (chosen.parent, chosen.operator, chosen.inspirations) == ("x-c0", "mutate", ())


def test_the_default_is_by_kind_and_gives_way_to_what_is_asked() -> None:
    found = [strategy_for(kind, None) for kind in ("program", "kernel", "genome")]
    assert found == ["epsilon-greedy", "epsilon-greedy", "clade"]
    assert strategy_for("genome", "iid") == strategy_for("program", "iid") == "iid"


def test_the_control_arm_gets_its_share() -> None:
    arms = [pick(PLAN, [seed()], number).arm for number in range(1, 1001)]
    assert 150 < arms.count("control") < 250
    assert all(pick(dataclasses.replace(PLAN, control=0.0), [seed()], n).arm == "main" for n in range(1, 200))


def test_a_search_that_stands_still_turns_to_other_strategies() -> None:
    plan = dataclasses.replace(PLAN, control=0.0, patience=8)
    members = [seed(), made(1, score=0.5)]
    assert pick(plan, members, 2).level == "ok"
    members += [made(number, "failed:no-gain", 0, 0.0) for number in range(2, 7)]
    used = set()
    for number in range(7, 10):
        chosen = pick(plan, members, number)
        assert chosen.level in ("change", "stop") and chosen.strategy != plan.strategy
        used.add(chosen.strategy)
        members.append(made(number, "failed:no-gain", 0, 0.0))
    assert used <= set(OTHERS) and len(used) > 1
    assert pick(plan, [*members, made(10, score=0.9)], 11).level == "ok"


def test_faults_of_ours_and_the_control_arm_do_not_count_as_standing_still() -> None:
    members = [seed(), *(made(n, "inconclusive:docker") for n in range(1, 9))]
    members += [made(n, "failed:no-gain", 0, 0.0, arm="control") for n in range(9, 20)]
    assert standing_of(members, 8).level == "ok"
    assert standing_of([*members, made(20, "failed:wrong")], 8).streak == 1


def test_many_cases_keep_a_specialist() -> None:
    cases = [{"a": 0.0, "b": 0.0}, {"a": 9.0, "b": -9.0}, {"a": 1.0, "b": 1.0}]
    members = [seed(cases=cases[0])]
    members += [made(n, "failed:no-gain", 0, -1.0, cases=cases[n]) for n in (1, 2)]
    plan = dataclasses.replace(PLAN, strategy="pareto", control=0.0, shares=Shares())
    parents = {pick(plan, members, number).parent for number in range(3, 40)}
    assert parents == {"x-c1", "x-c2"}, "the seed is dominated, the specialist survives although it is worse on average"


def test_an_unknown_strategy_is_named() -> None:
    with pytest.raises(ValueError, match="unknown parent strategy 'magic'"):
        pick(dataclasses.replace(PLAN, strategy="magic"), [seed()], 1)  # type: ignore[arg-type]
