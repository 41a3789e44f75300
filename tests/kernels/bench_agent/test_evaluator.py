"""Answers are hostile bytes: any of them is right or wrong, and none trips the evaluator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.bench_agent.evaluator import complaint, same
from kernels.bench_agent.suite import TASKS

RULES = sorted(path.parent.parent.name for path in TASKS.glob("*/tests/rules.py"))
NOWHERE = Path("nowhere.py")
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
CALL: dict[str, Any] = {"name": "c", "ask": {"call": "f", "args": []}}
STEPS: dict[str, Any] = {"name": "s", "ask": {"new": None, "args": [], "steps": [["f"], ["g"]]}}
CASES: list[dict[str, Any]] = [
    {**CALL, "expect": 1.5, "tolerance": 0.1},
    {**CALL, "expect": [1, {"a": None}]},
    {**CALL, "raises": "ValueError"},
    {**STEPS, "expect": [1, {"raises": "KeyError"}]},
    {"name": "p", "ask": {"stdin": ""}, "expect": "x", "code": 1},
]


@given(st.binary(max_size=200) | PLAIN.map(lambda value: json.dumps({"value": value}).encode()), st.sampled_from(CASES))
def test_any_bytes_are_an_answer_or_a_complaint(answer: bytes, case: dict[str, Any]) -> None:
    found = complaint(case, answer, NOWHERE)
    assert found is None or len(found) < 4000


@given(PLAIN, st.sampled_from(CASES))
def test_outcomes_of_odd_shape_are_complaints(value: Any, case: dict[str, Any]) -> None:
    for key in ("value", "raised", "code", "text"):
        complaint(case, json.dumps({key: value, "code": value}).encode(), NOWHERE)


@pytest.mark.parametrize("name", RULES)
@given(value=PLAIN | st.lists(st.lists(st.integers(-2, 5), max_size=3), max_size=4))
def test_rules_survive_any_value(name: str, value: Any) -> None:
    folder = TASKS / name / "tests"
    cases = json.loads((folder / "cases.json").read_text())
    for case in [*cases["visible"], *cases["hidden"]][:4]:
        if "rule" in case:
            found = complaint(case, json.dumps({"value": value}).encode(), folder / "rules.py")
            assert found is None or isinstance(found, str)


@given(PLAIN)
def test_a_value_is_the_same_as_itself_and_nothing_of_another_type(value: Any) -> None:
    assert same(value, value, 0.0)
    assert not same([value], value, 0.0)


@pytest.mark.parametrize(
    ("value", "expect"),
    [(True, 1), (1, True), ("1", 1), (None, 0), ([1, 2], [1]), ({"a": 1}, {"a": 1, "b": 1}), (10**400, 1.5)],
)
def test_near_misses_differ(value: Any, expect: Any) -> None:
    assert not same(value, expect, 0.01)


def test_numbers_are_the_same_within_the_tolerance() -> None:
    assert same(100.5, 100, 0.01)
    assert not same(100.5, 100, 0.001)
    assert same(3, 3.0, 0.0)


@pytest.mark.parametrize("text", ["[" * 60000, '{"value": NaN}', '{"value": 1' + "0" * 5000 + "}", "", "\0" * 64])
def test_monstrous_text_is_no_answer(text: str) -> None:
    assert complaint(CASES[0], text.encode(), NOWHERE) == "the answer is not JSON"
