"""The bench's own parts: its proposals are the same for everybody, and its model understands every prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.search.operators import Shares
from tests.bench.search import ours
from tests.bench.search.kept import Kept
from tests.bench.search.mutator import answer, parent_of
from tests.bench.search.programs import constants, mutate, program
from tests.bench.search.tasks import tasks

RUGGED = tasks()[0]
OLD = program(RUGGED.values, RUGGED.rules)


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.name)
def test_a_proposal_changes_one_constant_at_most_whatever_the_parent(task: object) -> None:
    old = program(task.values, task.rules)  # type: ignore[attr-defined]
    for call in range(60):
        new = mutate(old, 1, call)
        assert sum(a != b for a, b in zip(old.split("\n"), new.split("\n"), strict=True)) <= 1
        assert constants(new).keys() == constants(old).keys()


def test_the_model_finds_the_current_program_among_others_and_answers_as_asked() -> None:
    other = OLD.replace("0.95000", "0.11111")
    prompt = f"# Prior\n```python\n{other}```\n# Current program\nHere:\n```python\n{OLD}```\nUse SEARCH/REPLACE."
    assert parent_of(prompt) == OLD
    assert answer(prompt, 1, 2).startswith("<<<<<<< SEARCH\nX")
    assert mutate(OLD, 1, 2) in answer(prompt + "<CODE>", 1, 2)
    assert "<DIFF>\n<<<<<<< SEARCH" in answer(prompt + "<DIFF>", 1, 2)


def test_a_run_repeats_and_beats_sampling() -> None:
    curve = ours.run(RUGGED, "epsilon-greedy", 1, 60, Shares(0.15))
    assert curve == ours.run(RUGGED, "epsilon-greedy", 1, 60, Shares(0.15)) == sorted(curve) and len(curve) == 60
    assert curve[-1] > ours.sampled(RUGGED, 1, 60)[-1]


def test_a_bench_of_hours_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    file, key = tmp_path / "curves", ("rugged", "clade", 3, 60)
    Kept(file).add(key, [0.5, 0.25])
    again = Kept(file)
    assert again.get(key) == [0.5, 0.25] and again.get(("rugged", "clade", 4, 60)) is None
    Kept(None).add(key, [1.0])
    assert Kept(file).get(key) == [0.5, 0.25]
