"""The per-case frontier keeps specialists and drops whoever is dominated."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.pareto import choose_specialist, frontier
from daemon.search.streams import stream

TABLES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.sampled_from("123"), st.integers(0, 3).map(float), max_size=3),
    max_size=6,
)


def test_a_specialist_survives_a_better_average() -> None:
    scores = {"all": {"1": 0.8, "2": 0.8, "3": 0.8}, "one": {"1": 0.9, "2": 0.0, "3": 0.0}, "none": {"1": 0.1}}
    assert frontier(scores) == {"all": 2, "one": 1}
    drawn = [choose_specialist(scores, stream(n)) for n in range(300)]
    assert 60 < drawn.count("one") < 140


def test_a_tie_that_is_worse_elsewhere_is_dropped() -> None:
    assert frontier({"a": {"1": 1.0, "2": 1.0}, "b": {"1": 1.0, "2": 0.0}}) == {"a": 2}


@given(TABLES)
def test_every_case_keeps_a_winner_and_nobody_left_is_dominated(table: dict[str, dict[str, float]]) -> None:
    front = frontier(table)
    for case in {case for row in table.values() for case in row}:
        top = max(row[case] for row in table.values() if case in row)
        assert any(table[one].get(case) == top for one in front)
    for one in front:
        for two in front:
            rows = [[table[name].get(case, -math.inf) for case in "123"] for name in (one, two)]
            assert rows[0] == rows[1] or not all(a >= b for a, b in zip(*rows, strict=True))


def test_nothing_and_nonsense() -> None:
    with pytest.raises(ValueError, match="no candidate"):
        choose_specialist({"a": {}}, stream(0))
    with pytest.raises(ValueError, match="'a' has a score"):
        frontier({"a": {"1": math.nan}})
