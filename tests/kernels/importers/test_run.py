"""Imported tasks before the judge: their own evaluator's number counts, and whatever else it does is a verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kernels.importers import kernelbench, openevolve, repo, shinka
from kernels.importers.task import Imported
from sandbox.judging import CandidateFault
from tests.kernels.importers.conftest import Measure
from tests.kernels.importers.shapes import KERNELBENCH, OPENEVOLVE, REPO, SHINKA, TORCH, plant

PROGRAM = "initial_program.py"


@pytest.fixture
def goals(tmp_path: Path) -> Imported:
    return openevolve.read(plant(tmp_path / "goals", OPENEVOLVE))


def test_an_openevolve_task_scores_both_arms(measure: Measure, goals: Imported) -> None:
    for pair in measure(goals, {PROGRAM: ("STEP = 0.5", "STEP = 0.25")}):
        assert pair.parent == pytest.approx(1 - (0.1 + 0.2 + 0.2) / 3)
        assert pair.child == pytest.approx(1 - (0.1 + 0.05 + 0.05) / 3)


def test_artifacts_among_the_metrics_are_told_to_the_next_proposer(measure: Measure, tmp_path: Path) -> None:
    plain = {**OPENEVOLVE, "config.yaml": "evaluator: {cascade_evaluation: false}\n"}
    plain["evaluator.py"] = "def evaluate(path): return {'error': 'none of it', 'artifacts': {'hint': 'look left'}}\n"
    found = openevolve.read(plant(tmp_path / "plain", plain), metric="near")
    with pytest.raises(CandidateFault) as caught:
        measure(found, {PROGRAM: ("STEP = 0.5", "STEP = 0.25")})
    assert caught.value.feedback == "no near: none of it; {'hint': 'look left'}"


def test_a_shinka_task_too(measure: Measure, tmp_path: Path) -> None:
    found = shinka.read(plant(tmp_path / "near", SHINKA))
    for pair in measure(found, {"initial.py": ("STEP = 0.5", "STEP = 0.1")}):
        assert pair.parent == pytest.approx(10 - abs(0.5 + 1.5 + 2.5 - 3.9)) and pair.child == pytest.approx(10.0)


def test_a_repository_counts_the_last_line(measure: Measure, tmp_path: Path) -> None:
    tree = plant(tmp_path / "adder", REPO)
    found = repo.read(tree, command="python3 bench.py", metric="steps", editable=["src/**"], checks=["test -d src"])
    for pair in measure(found, {"src/sum.py": ("    result = 0\n", "    return sum(values)\n")}):
        assert pair.child < pair.parent


def test_a_kernelbench_problem_is_checked_and_timed(measure: Measure, tmp_path: Path) -> None:
    found = kernelbench.read(plant(tmp_path, {"p.py": KERNELBENCH}) / "p.py")
    torch = {"imported/torch/__init__.py": TORCH, "imported/torch/nn.py": "from torch import Module\n"}
    for pair in measure(found, {"model_new.py": ("x * self.factor", "x * (self.factor + 0.0)")}, extra=torch):
        assert pair.child > 0


@pytest.mark.parametrize(
    ("old", "new", "verdict", "told"),
    [
        ("STEP = 0.5", "STEP = 0.5\nraise RuntimeError('no')", "failed:exception", "RuntimeError: no"),
        ("STEP = 0.5", "STEP = 0.5\nimport os\nos._exit(0)", "failed:bad-output", "left no answer"),
        ("STEP = 0.5", "STEP = 0.5\nimport os\nos.kill(os.getpid(), 9)", "failed:exception", "died of signal 9"),
        ("STEP = 0.5", "STEP = 0.5\nimport time\ntime.sleep(60)", "killed:timeout", "longer than 0.9 s"),
        ("import math", "import math, os", "failed:wrong", "only lines between EVOLVE-BLOCK-START"),
    ],
)
def test_what_fails_is_said(measure: Measure, goals: Imported, old: str, new: str, verdict: str, told: str) -> None:
    with pytest.raises(CandidateFault) as caught:
        measure(replace(goals, seconds=0.0) if verdict == "killed:timeout" else goals, {PROGRAM: (old, new)})
    assert (caught.value.verdict, caught.value.arm) == (verdict, "child")
    assert told in caught.value.feedback


ODD = 'type("Odd", (), {{"__rtruediv__": lambda self, other: 1, "__rmul__": lambda self, other: {}}})()'
"""A step that makes `closest` answer what it wants."""


def test_a_cascade_stops_below_its_threshold(measure: Measure, goals: Imported) -> None:
    with pytest.raises(CandidateFault) as caught:
        measure(goals, {PROGRAM: ("STEP = 0.5", f"STEP = {ODD.format(7.0)}")})
    assert caught.value.verdict == "failed:wrong"
    assert "stopped after stage 1: below 0.5" in caught.value.feedback


def test_an_invalid_run_is_wrong_whatever_its_score(measure: Measure, tmp_path: Path) -> None:
    found = shinka.read(plant(tmp_path / "near", SHINKA))
    with pytest.raises(CandidateFault) as caught:
        measure(found, {"initial.py": ("STEP = 0.5", f"STEP = {ODD.format(-1.0)}")})
    assert caught.value.verdict == "failed:wrong"
    assert "run 1 is not valid: -1.0 is negative" in caught.value.feedback


def test_a_failing_check_is_not_measured(measure: Measure, tmp_path: Path) -> None:
    tree = plant(tmp_path / "adder", REPO)
    check = "grep -q result src/sum.py"
    found = repo.read(tree, command="python3 bench.py", metric="steps", editable=["src/*.py"], checks=[check])
    with pytest.raises(CandidateFault, match=r"the check 'grep -q result src/sum.py' ended with code 1"):
        measure(found, {"src/sum.py": ("result", "total")})


def test_a_forged_answer_is_bounded_by_the_judge(measure: Measure, goals: Imported) -> None:
    answer = '{"metrics": {"combined_score": 1e16}}'
    forge = f"STEP = 0.5\nimport os, sys\nopen(sys.argv[2], 'w').write({answer!r})\nos._exit(0)"
    with pytest.raises(CandidateFault, match=r"failed:wrong: case task: the metric is 1e\+16, outside"):
        measure(goals, {PROGRAM: ("STEP = 0.5", forge)})
