"""Likeness by vectors: of equal texts 1, of others less, whatever the provider answers."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.vectors import DIMENSIONS, cosine, hashed, packed, read, unit, unpacked

LOOP = "def total(values):\n    found = 0\n    for value in values:\n        found += value\n    return found\n"


@given(st.text(max_size=300))
def test_any_text_has_a_vector_of_length_one_and_is_like_itself(text: str) -> None:
    vector = hashed(text)
    assert len(vector) == DIMENSIONS
    assert cosine(vector, vector) == pytest.approx(1.0 if any(vector) else 0.0)


@given(st.text(max_size=100), st.text(max_size=100))
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    found = cosine(hashed(one), hashed(other))
    assert found == cosine(hashed(other), hashed(one)) and -1.0001 <= found <= 1.0001


def test_layout_counts_for_nothing_and_another_program_is_unlike() -> None:
    spaced = LOOP.replace("    ", "  ").replace("\n", "\n\n")
    assert cosine(hashed(LOOP), hashed(spaced)) == pytest.approx(1.0)
    renamed = cosine(hashed(LOOP), hashed(LOOP.replace("found", "sum_so_far")))
    other = cosine(hashed(LOOP), hashed("#include <math.h>\nvoid scale(float *x) { *x = sqrtf(*x) * 3; }"))
    assert other < 0.3 < renamed < 0.95


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_a_vector_keeps_through_its_text(vector: list[float]) -> None:
    kept = unpacked(packed(unit(vector)))
    assert cosine(kept, unit(vector)) == pytest.approx(sum(value * value for value in unit(vector)), abs=1e-5)
    assert cosine(read(json.dumps(vector)), unit(vector)) == pytest.approx(cosine(unit(vector), unit(vector)))


@pytest.mark.parametrize(
    "answer",
    ["", "null", "{}", "[]", "[true]", '["1"]', "[1, null]", "[NaN]", "[Infinity]", "1", json.dumps([0] * 9000)],
)
def test_what_is_no_vector_is_refused(answer: str) -> None:
    with pytest.raises(ValueError):
        read(answer)


def test_vectors_of_different_models_are_unlike() -> None:
    assert cosine([1.0], [1.0, 0.0]) == 0.0 and math.isclose(cosine([1.0], [1.0]), 1.0)
