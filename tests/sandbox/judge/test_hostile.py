"""Every cheat ends with its verdict, honest trees pass; over local processes, so that the whole table is quick."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.judge_session import allowed_cpu_seconds
from sandbox.judging import CandidateFault, Judge
from tests.sandbox.judge.conftest import Trial, plant, seed_of
from tests.sandbox.judge.hostile import HOSTILE, SYMBOL_TRICKS, candidate
from tests.sandbox.judge.local import LocalRunning
from workflows.ports import InfrastructureError


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_c(name: str, trial: Trial) -> None:
    files, verdicts = HOSTILE[name]
    with pytest.raises(CandidateFault) as caught:
        trial("matmul", files, build_seconds=5.0)
    assert caught.value.arm == "child"
    assert caught.value.verdict in verdicts, (caught.value.feedback, caught.value.log)
    assert len(caught.value.feedback.encode()) <= 4096


PYTHON = {
    "overlap by a hair": (
        "[(0.25, 0.25, 0.25), (0.5, 0.75, 0.25), *[(0.5, 0.25 - 2**-40, 2**-50)] * n][:n]",
        "failed:wrong",
    ),
    "not a number": ("[(float('nan'), 0.5, 0.1)] * n", "failed:wrong"),
    "infinite": ("[(0.5, 0.5, float('inf'))] * n", "failed:wrong"),
    "negative": ("[(0.5, 0.5, -0.1)] * n", "failed:wrong"),
    "all in one place": ("[(0.5, 0.5, 0.1)] * n", "failed:wrong"),
    "outside": ("[(1.0, 1.0, 0.1)] * n", "failed:wrong"),
    "one circle too few": ("[(0.5, 0.5, 0.1)] * (n - 1)", "failed:bad-output"),
    "nothing": ("None", "failed:bad-output"),
    "text": ("'x' * n", "failed:bad-output"),
    "a huge number": ("[(10**400, 0, 0)] * n", "failed:bad-output"),
    "lies about equality": ("[(Liar(), Liar(), Liar())] * n", "failed:bad-output"),
    "raises": ("1 / 0", "failed:exception"),
    "bottomless": ("pack(n, seed)", "failed:exception"),
    "leaves": ("sys.exit(0)", "failed:exit"),
    "dies": ("os.kill(os.getpid(), 11)", "failed:crash"),
    "forks and answers twice": ("(os.fork(), [(0.5, 0.5, 0.5)] * n)[1]", "failed:bad-output"),
    "not the same twice": (
        "[((i % 6 + 0.5) / 6, (i // 6 + 0.5) / 6, 0.05 + os.urandom(1)[0] / 1e5) for i in range(n)]",
        "failed:not-repeatable",
    ),
    "sleeps": ("time.sleep(60)", "killed:timeout"),
}


@pytest.mark.parametrize("name", PYTHON)
def test_hostile_python(name: str, trial: Trial) -> None:
    value, verdict = PYTHON[name]
    head = "import os, sys, time\n\nclass Liar:\n    def __eq__(self, other):\n        return True\n\n"
    with pytest.raises(CandidateFault) as caught:
        trial("packing", {"packing.py": f"{head}def pack(n, seed):\n    return {value}\n"})
    # Two processes that answer at once race: which fault is seen first is theirs to decide, that there is one is not.
    expected = {verdict, "failed:wrong", "quarantined:guard-band"} if "twice" in name else {verdict}
    assert caught.value.verdict in expected, (caught.value.feedback, caught.value.log)


@pytest.mark.parametrize("target", ["matmul", "packing"])
def test_seed_passes_and_is_measured(target: str, trial: Trial) -> None:
    pairs = trial(target, seed_of(target), count=4)
    assert len(pairs) == 8
    assert {pair.first for pair in pairs} <= {"parent", "child"}
    assert all(pair.parent > 0 and pair.child > 0 for pair in pairs)
    if target == "packing":
        assert all(pair.parent == pair.child for pair in pairs), "one draw serves both arms of a pair"


def test_a_clock_of_the_candidate_changes_nothing(trial: Trial) -> None:
    assert all(pair.child > 1e-4 for pair in trial("matmul", SYMBOL_TRICKS))


@pytest.mark.parametrize("limit", [{"gflops": 1e-3}, {"resolution_seconds": 0.9}])
def test_faster_than_physics_or_the_clock_allow_is_not_believed(limit: dict[str, float], trial: Trial) -> None:
    # Whichever arm goes first meets the limit; the parent's first time is taken for our own fault.
    with pytest.raises((CandidateFault, InfrastructureError), match="quarantined:implausible"):
        trial("matmul", seed_of("matmul"), **limit)


def test_a_parent_that_fails_is_our_fault_once(judges: Callable[..., Judge], tmp_path: Path) -> None:
    arms = {
        "child": plant(tmp_path / "child", seed_of("matmul")),
        "parent": plant(tmp_path / "parent", candidate("abort();")),
    }
    judge = judges("matmul")
    for expected in (InfrastructureError, CandidateFault):
        with judge.session("same key", os.urandom(32), arms) as session, pytest.raises(expected, match="failed:crash"):
            session.pairs(1, "visible")


def test_cpu_time_beyond_the_calls_is_quarantined(judges: Callable[..., Judge], tmp_path: Path) -> None:
    arms = {arm: plant(tmp_path / arm, seed_of("packing")) for arm in ("child", "parent")}
    judge = judges("packing")
    for burnt, verdict in ((0.5, None), (60.0, "quarantined:background-work")):
        caught = None
        try:
            with judge.session(f"burnt-{burnt}", b"seed", arms) as session:
                session.pairs(1, "visible")
                for runner in session._runners.values():
                    assert isinstance(runner, LocalRunning)
                    runner.cpu_seconds = burnt if runner.name.endswith("child") else 0.0
        except CandidateFault as fault:
            caught = fault.verdict
        assert caught == verdict
        assert session.cpu_seconds() == burnt


def test_cpu_time_out_of_turn_is_quarantined(
    judges: Callable[..., Judge], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 1000, 10))
    monkeypatch.setattr(LocalRunning, "used", lambda self: float(next(seconds)))
    arms = {arm: plant(tmp_path / arm, seed_of("matmul")) for arm in ("child", "parent")}
    session = judges("matmul").session("out-of-turn", b"seed", arms)
    with pytest.raises(CandidateFault, match="quarantined:background-work"), session:
        assert len(session.pairs(2, "visible")) == 2


def test_what_calls_explain_is_allowed() -> None:
    assert allowed_cpu_seconds(busy=1.0, wall=4.0, cpus=1.0) >= 1.0 + 0.4 + 0.5
    assert allowed_cpu_seconds(busy=1.0, wall=6.0, cpus=1.0) < 6.0
    assert allowed_cpu_seconds(busy=50.0, wall=60.0, cpus=1.0) > 60.0


def test_sealed_faults_tell_nothing_but_the_verdict(judges: Callable[..., Judge], tmp_path: Path) -> None:
    wrong = candidate("for (long i = 0; i < (long)n * m; i++) c[i] = 1.0f;")
    with judges("matmul").session("k", os.urandom(32), {"child": plant(tmp_path / "child", wrong)}) as session:
        session.build("child")
        with pytest.raises(CandidateFault) as caught:
            session.check("child", "sealed")
    assert caught.value.verdict == "failed:wrong"
    assert caught.value.feedback == "on a sealed case"
    assert "elements are wrong" in caught.value.log


def test_public_feedback_has_no_control_characters(trial: Trial) -> None:
    with pytest.raises(CandidateFault) as caught:
        trial("packing", {"packing.py": "def pack(n, seed):\n    raise ValueError('\\x1b[31mred\\x07')\n"})
    assert caught.value.verdict == "failed:exception"
    assert (
        "red" in caught.value.feedback and "\x1b" not in caught.value.feedback and "\x07" not in caught.value.feedback
    )
