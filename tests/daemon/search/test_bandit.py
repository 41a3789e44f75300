"""The model bandit: learns what pays, counts calls in flight, and never overflows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.bandit import Arm, choose_model, finished, submitted, upper_bounds
from daemon.search.streams import stream


def play(rewards: dict[str, float], costs: dict[str, float], thrift: float, steps: int = 300) -> dict[str, int]:
    """Each model improves with a fixed chance; how often each was asked."""
    arms = {name: Arm() for name in rewards}
    for step in range(steps):
        rng = stream("play", step)
        model = choose_model(arms, rng, thrift)
        arms = submitted(arms, model)
        gain = 1.0 if rng.random() < rewards[model] else -5.0
        arms = finished(arms, model, gain, costs[model])
    return {name: arm.completed for name, arm in arms.items()}


def test_what_pays_is_asked_more() -> None:
    asked = play({"good": 0.6, "poor": 0.1, "never": 0.0}, dict.fromkeys(("good", "poor", "never"), 10.0), 0.0)
    assert asked["good"] > 2 * asked["poor"]
    assert asked["never"] > 0


def test_of_equals_the_cheap_one_is_asked_when_thrift_counts() -> None:
    rewards = {"cheap": 0.3, "dear": 0.3}
    thrifty = play(rewards, {"cheap": 1.0, "dear": 100.0}, 0.5)
    assert thrifty["cheap"] > 2 * thrifty["dear"]


def test_the_first_calls_in_flight_go_to_different_models() -> None:
    arms = {name: Arm() for name in "abc"}
    chosen = []
    for n in range(3):
        model = choose_model(arms, stream(n))
        arms = submitted(arms, model)
        chosen.append(model)
    assert sorted(chosen) == ["a", "b", "c"]


def test_bounds_by_hand() -> None:
    arms = finished(submitted({"a": Arm(), "b": Arm()}, "a"), "a", 1.0, 4.0)
    assert upper_bounds(arms) == {"a": pytest.approx(0.5 * 1 + 0.5 * 1), "b": math.inf}
    arms = finished(submitted(arms, "b"), "b", -1.0, 4.0)
    bonus = math.sqrt(2 * math.log(2))
    # The reward of a has aged, and so has its weight: the mean is what it was.
    assert upper_bounds(arms, 0.0) == {"a": pytest.approx(1 + bonus), "b": pytest.approx(bonus)}
    assert arms["a"].log_sum == pytest.approx(math.log(math.expm1(1)) + math.log(0.95))


RESULTS = st.lists(st.tuples(st.sampled_from("ab"), st.floats(-1e6, 1e6), st.floats(0, 1e12)), max_size=30)


@given(RESULTS, st.floats(0, 1))
def test_any_history_gives_usable_bounds(results: list[tuple[str, float, float]], thrift: float) -> None:
    arms = {"a": Arm(), "b": Arm()}
    for model, gain, cost in results:
        arms = finished(submitted(arms, model), model, gain, cost)
    bounds = upper_bounds(arms, thrift)
    assert all(bound >= 0 for bound in bounds.values())
    assert all(math.isfinite(bounds[name]) == bool(arms[name].calls) for name in arms)
    assert choose_model(arms, stream(1), thrift) == choose_model(arms, stream(1), thrift)


def test_a_loss_earns_nothing_and_costs_no_more_than_nothing() -> None:
    start = {"a": Arm(), "b": Arm()}
    loss, zero = (finished(submitted(start, "a"), "a", gain, 1.0) for gain in (-1e9, 0.0))
    assert loss == zero
    assert start["a"] == Arm()  # states are values


def test_nonsense_is_named() -> None:
    with pytest.raises(ValueError, match="no model"):
        choose_model({}, stream(0))
    with pytest.raises(ValueError, match="finite"):
        finished({"a": Arm()}, "a", math.nan, 1.0)
    with pytest.raises(ValueError, match="thrift"):
        upper_bounds({"a": Arm()}, 2.0)
