"""The plateau: graded, and a function of the events alone."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.plateau import LEVELS, Event, Grades, event_of, plateau

EVENTS = st.lists(st.sampled_from(get_args(Event)), max_size=40)


@pytest.mark.parametrize(
    ("steps", "level"), [(0, "ok"), (2, "ok"), (3, "warn"), (5, "change"), (7, "change"), (8, "stop"), (99, "stop")]
)
def test_levels(steps: int, level: str) -> None:
    events: list[Event] = ["improved", *["unchanged"] * steps]  # type: ignore[list-item]
    assert plateau(events).level == level


@given(EVENTS)
def test_indecisive_steps_change_nothing(events: list[Event]) -> None:
    assert plateau(events) == plateau([event for event in events if event != "indecisive"])


@given(EVENTS, EVENTS)
def test_an_improvement_forgets_all_before(before: list[Event], after: list[Event]) -> None:
    assert plateau([*before, "improved", *after]) == plateau(after)


@given(EVENTS)
def test_one_more_failure_never_lowers_the_level(events: list[Event]) -> None:
    levels = [LEVELS.index(plateau(seen).level) for seen in (events, [*events, "unchanged"])]
    assert levels[0] <= levels[1]


@given(st.integers(1, 1000))
def test_grades_keep_their_order_at_any_patience(patience: int) -> None:
    grades = Grades.of(patience)
    assert 1 <= grades.warn <= grades.change <= grades.stop == patience


def test_verdicts_and_nonsense() -> None:
    verdicts = ["accepted", "failed:wrong", "killed:timeout", "denied:EDIT", "inconclusive:docker", "", "seed"]
    assert [event_of(one) for one in verdicts] == ["improved", "unchanged", "unchanged", *["indecisive"] * 4]
    assert Grades.of(8) == Grades()
    with pytest.raises(ValueError, match="patience"):
        Grades.of(0)
    with pytest.raises(ValueError, match="warn <= change"):
        Grades(5, 3, 8)
