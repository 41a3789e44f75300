"""The guest's side of imported evaluators: a bounded answer, a deadline for the whole group, a fresh copy each time."""

from __future__ import annotations

import json
import math
import struct
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox.guest.evaluation import load_evaluation
from sandbox.guest.failure import Failure

Evaluate = Callable[..., float]


@pytest.fixture
def evaluate(tmp_path: Path) -> Evaluate:
    """Runs a script on a tree with one file, `a`; raises what the guest would report."""
    for name in ("tree", "evaluator", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "tree" / "a").write_text("from the tree")

    def run(script: str, seconds: float = 20.0, calls: int = 1) -> float:
        (tmp_path / "evaluator" / "run.py").write_text(f"import json, os, sys\ntree, answer = sys.argv[1:]\n{script}\n")
        memory = SimpleNamespace(outputs=memoryview(bytearray(64)))
        places = (tmp_path / "tree", tmp_path / "evaluator", "run.py", "m", seconds, tmp_path / "work")
        call = load_evaluation(*places, memory)  # type: ignore[arg-type]
        for number in range(calls):
            call([{"value": 7 + number}], [{"at": 8}])
        return float(struct.unpack_from("d", memory.outputs, 8)[0])

    return run


def says(answer: object) -> str:
    """A script that answers with this value."""
    return writes(repr(json.dumps(answer)))


def writes(expression: str) -> str:
    """A script that answers with this text."""
    return f"open(answer, 'w').write({expression})"


def test_the_named_metric_is_written_where_asked(evaluate: Evaluate) -> None:
    assert evaluate(says({"metrics": {"m": 2.5, "other": 1}})) == 2.5
    assert math.isnan(evaluate(says({"metrics": {"m": math.nan}})))  # the judge refuses it


def test_each_call_has_its_own_copy_and_seed(evaluate: Evaluate) -> None:
    script = """
kept = open(tree + "/a").read() == "from the tree" and not os.path.exists("left")
open(tree + "/a", "w").write("changed")
open("left", "w").write("behind")
open(answer, "w").write(json.dumps({"metrics": {"m": int(os.environ["RATCHET_SEED"]) if kept else -1}}))
"""
    assert evaluate(script, calls=3) == 9


def test_nothing_of_the_runners_environment_is_passed_on(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    script = "found = 'OPENAI_API_KEY' in os.environ\n" + writes("json.dumps({'metrics': {'m': int(found)}})")
    assert evaluate(script) == 0


@pytest.mark.parametrize(
    ("script", "reason", "told"),
    [
        (says({"metrics": {"m": True}}), "bad-output", "is bool, not a number"),
        (says({"metrics": {"m": "9"}}), "bad-output", "is str, not a number"),
        (says({"metrics": {"other": 1}}), "bad-output", "no metric 'm'; it has: other"),
        (says({"metrics": [1]}), "bad-output", "not as agreed"),
        (says([1]), "bad-output", "not as agreed"),
        (writes("'[' * 60_000"), "bad-output", "not as agreed"),
        (writes("'{}' + ' ' * 70_000"), "bad-output", "longer than 65536"),
        (writes("'{\"metrics\": {\"m\": 1' + '0' * 400 + '}}'"), "bad-output", "too large"),
        (says({"wrong": "it is too short"}), "wrong", "it is too short"),
        ("pass", "bad-output", "left no answer"),
        ("raise RuntimeError('no')", "exception", "RuntimeError: no"),
        ("os.kill(os.getpid(), 9)", "exception", "died of signal 9"),
    ],
    ids=range(12),
)
def test_everything_else_is_a_reason(evaluate: Evaluate, script: str, reason: str, told: str) -> None:
    with pytest.raises(Failure) as caught:
        evaluate(script)
    assert (caught.value.reason, told in caught.value.text) == (reason, True)


def dead(pid: str) -> bool:
    """Gone, or about to be: a process that was killed may still be seen for a moment."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def test_the_deadline_is_the_groups(evaluate: Evaluate, tmp_path: Path) -> None:
    script = (
        "import subprocess, time\nchild = subprocess.Popen(['sleep', '60'])\nopen('../pid', 'w').write(str(child.pid))"
    )
    with pytest.raises(Failure) as caught:
        evaluate(script + "\ntime.sleep(60)", seconds=1.0)
    assert caught.value.reason == "timeout"
    pid = (tmp_path / "work" / "evaluation" / "pid").read_text()
    deadline = time.monotonic() + 10
    while not dead(pid):
        assert time.monotonic() < deadline, "it outlived its group's deadline"
        time.sleep(0.01)


def test_a_missing_script_does_not_load(evaluate: Evaluate, tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"no file none\.py"):
        load_evaluation(tmp_path, tmp_path, "none.py", "m", 1.0, tmp_path, SimpleNamespace())  # type: ignore[arg-type]
