"""The screen rejects only against a parent that was never seen to differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.search.steady import ENOUGH, MOST_TREES, Steady

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def test_a_steady_parent_is_compared_with() -> None:
    steady = Steady()
    steady.learn("p", {"a": [2.0] * ENOUGH})
    assert steady.gains("p", {"a": 1.5}) == {"a": -0.5}
    assert steady.gains("p", {"a": 1.5}, lower_is_better=True) == {"a": 0.5}


def test_too_few_another_case_or_an_unknown_tree_say_nothing() -> None:
    steady = Steady()
    steady.learn("p", {"a": [2.0] * (ENOUGH - 1)})
    assert steady.gains("p", {"a": 1.0}) == {}
    steady.learn("p", {"a": [2.0]})
    assert steady.gains("p", {"a": 1.0, "b": 1.0}) == {}
    assert steady.gains("q", {"a": 1.0}) == {} == steady.gains("p", {})


@given(st.lists(finite, min_size=1, max_size=40), finite)
def test_it_speaks_only_when_all_values_are_one(values: list[float], child: float) -> None:
    steady = Steady()
    for value in values:
        steady.learn("p", {"a": [value]})
    said = steady.gains("p", {"a": child})
    known = len(values) >= ENOUGH and len(set(values)) == 1
    assert said == ({"a": child - values[0]} if known else {})


def test_values_that_differed_once_are_never_steady_again() -> None:
    steady = Steady()
    steady.learn("p", {"a": [1.0, 2.0, *[1.0] * 100]})
    assert steady.gains("p", {"a": 0.0}) == {}


def test_it_does_not_grow_for_ever() -> None:
    steady = Steady()
    for number in range(MOST_TREES + 1):
        steady.learn(str(number), {"a": [1.0] * ENOUGH})
    assert steady.gains("0", {"a": 1.0}) == {} and steady.gains(str(MOST_TREES), {"a": 1.0}) == {"a": 0.0}
