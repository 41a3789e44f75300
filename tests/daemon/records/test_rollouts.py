"""Which version of the agent is in use: one canary, one current, and a way back from each."""

from __future__ import annotations

import pytest

from daemon.records.db import Database
from daemon.records.rollouts import Rollouts
from daemon.records.trials import TrialRow, Trials
from workflows.ports import RefusedError


def test_a_canary_becomes_current_and_the_one_before_ends(db: Database) -> None:
    rollouts = Rollouts(db)
    first = rollouts.start("a-c1", "1" * 40, share=0.5, actor="ana")
    assert rollouts.canary() == first and rollouts.current() is None and first.previous == ""
    assert rollouts.complete(first.number, actor="daemon", reason="good")
    second = rollouts.start("a-c2", "2" * 40, share=0.5, actor="ana")
    assert second.previous == "1" * 40 and rollouts.current() is not None
    assert rollouts.complete(second.number, actor="daemon", reason="good")
    assert [one.state for one in rollouts.history()] == ["ended", "current"]
    assert not rollouts.complete(second.number, actor="daemon", reason="again")


def test_taking_back_brings_back_what_was_before(db: Database) -> None:
    rollouts = Rollouts(db)
    for name in ("a-c1", "a-c2"):
        started = rollouts.start(name, name[-1] * 40, share=1.0, actor="ana")
        rollouts.complete(started.number, actor="ana", reason="good")
    assert rollouts.roll_back(2, actor="bo", reason="worse")
    assert [one.state for one in rollouts.history()] == ["current", "rolled-back"]
    assert not rollouts.roll_back(2, actor="bo", reason="again")
    assert rollouts.roll_back(1, actor="bo", reason="worse too")
    assert rollouts.current() is None and rollouts.canary() is None


def test_a_canary_taken_back_leaves_the_current_one(db: Database) -> None:
    rollouts = Rollouts(db)
    rollouts.complete(rollouts.start("a-c1", "1" * 40, share=1.0, actor="ana").number, actor="ana", reason="good")
    canary = rollouts.start("a-c2", "2" * 40, share=0.2, actor="ana")
    assert rollouts.roll_back(canary.number, actor="daemon", reason="worse")
    current = rollouts.current()
    assert current is not None and current.candidate == "a-c1"


def test_one_canary_at_a_time_and_starting_twice_is_once(db: Database) -> None:
    rollouts = Rollouts(db)
    first = rollouts.start("a-c1", "1" * 40, share=0.2, actor="ana")
    assert rollouts.start("a-c1", "1" * 40, share=0.2, actor="ana") == first
    with pytest.raises(RefusedError, match="still under trial"):
        rollouts.start("a-c2", "2" * 40, share=0.2, actor="ana")


def test_the_first_result_of_a_trial_stands(db: Database) -> None:
    trials = Trials(db)
    row = TrialRow(
        trial="k-c1-sealed-t", campaign="k", candidate="k-c1", genome="1" * 40, purpose="sealed", task="t",
        family="c", manifest="m", model="x", seed=2**40, solved=True, verdict="solved", spent={"tokens": 3},
    )  # fmt: skip
    kept = trials.keep(row)
    assert kept.finished > 0
    assert trials.keep(row.model_copy(update={"solved": False, "verdict": "failed:wrong"})) == kept
    assert trials.of("k-c1") == [kept] == [trials.get("k-c1-sealed-t")]
    assert trials.get("other") is None and trials.of("k-c2") == []
