"""What is read from the log to judge again, and when two judgements agree."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.steps.replay import compared, recorded_of
from workflows.ports import RefusedError
from workflows.replay import Judged


def told(kind: str, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "campaign": "k", "body": body}


def judging(number: int, ended: str = "done") -> list[dict[str, Any]]:
    """One attempt at the evaluation."""
    key, hexed = f"k-c1/evaluate/{number}", f"{number:02x}" * 32
    made = {"tree": f"t{number}", "parent_tree": "p", "image": "i", "manifest": "m"}
    return [
        told("evaluate.intent", key=key, **made),
        told("seed.revealed", step="evaluate", seed=hexed),
        told("evaluate.outcome", key=key, ended=ended, spent={}),
    ]


DECIDED = told("candidate.decided", verdict="accepted", gain=0.1, low=0.05, high=0.15, pairs=8)


def test_the_last_whole_attempt_counts() -> None:
    sealed = told("seed.revealed", step="sealed-1", seed="ff" * 32)
    found = recorded_of("k-c1", [*judging(1, "InfrastructureError: x"), *judging(2), sealed, DECIDED])
    assert (found.tree, found.parent_tree, found.image, found.manifest) == ("t2", "p", "i", "m")
    assert found.seed == b"\x02" * 32
    assert found.judged == Judged(verdict="accepted", gain=0.1, low=0.05, high=0.15, pairs=8)


@pytest.mark.parametrize("missing", ["evaluate.intent", "seed.revealed", "evaluate.outcome", "candidate.decided"])
def test_what_was_never_judged_is_refused(missing: str) -> None:
    records = [one for one in [*judging(1), DECIDED] if one["kind"] != missing]
    with pytest.raises(RefusedError, match=r"cannot be judged again"):
        recorded_of("k-c1", records)


RECORDED = Judged(verdict="accepted", gain=0.1, low=0.05, high=0.15, pairs=8)


@pytest.mark.parametrize(
    ("again", "agrees"),
    [
        (RECORDED, (True, True)),
        (RECORDED.model_copy(update={"gain": 0.05}), (True, True)),
        (RECORDED.model_copy(update={"gain": 0.151}), (True, False)),
        (RECORDED.model_copy(update={"gain": 0.049}), (True, False)),
        (RECORDED.model_copy(update={"verdict": "failed:no-gain"}), (False, True)),
        (Judged(verdict="failed:wrong"), (False, False)),
    ],
)
def test_two_judgements_agree_in_verdict_and_gain(again: Judged, agrees: tuple[bool, bool]) -> None:
    found = compared("k-c1", RECORDED, again)
    assert (found.same_verdict, found.within) == agrees


def test_without_a_gain_the_verdict_is_all() -> None:
    wrong = Judged(verdict="failed:wrong")
    found = compared("k-c1", wrong, wrong)
    assert found.same_verdict and found.within
    assert not compared("k-c1", wrong, RECORDED).within
