"""The screen rejects only against a parent that was never seen to differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.search.steady import ENOUGH, gains_over, steady

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def test_a_steady_parent_is_compared_with() -> None:
    known = steady({"a": [2.0] * ENOUGH, "b": [5.0] * (ENOUGH + 1)})
    assert known == {"a": 2.0, "b": 5.0}
    assert gains_over(known, {"a": 1.5}) == {"a": -0.5}
    assert gains_over(known, {"a": 1.5}, lower_is_better=True) == {"a": 0.5}


def test_too_few_values_another_case_or_none_say_nothing() -> None:
    assert steady({"a": [2.0] * (ENOUGH - 1)}) == {}
    assert steady({"a": [2.0] * ENOUGH, "b": [1.0]}) == {}
    assert gains_over({"a": 2.0}, {"a": 1.0, "b": 1.0}) == {} == gains_over({}, {"a": 1.0})
    assert gains_over({"a": 2.0}, {}) == {}


@given(st.lists(finite, min_size=1, max_size=40))
def test_it_speaks_only_when_all_values_are_one(values: list[float]) -> None:
    known = len(values) >= ENOUGH and len(set(values)) == 1
    assert steady({"a": values}) == ({"a": values[0]} if known else {})
