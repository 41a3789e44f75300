"""Tasks under the real judge and guest (over local processes): solved or not, and what hostile trees end as."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kernels.bench_agent.suite import TASKS, Task, load_task
from sandbox.judging import CandidateFault, Judge, JudgeSettings
from tests.kernels.bench_agent.test_suite import write
from tests.sandbox.judge.conftest import GUEST, JUDGE
from tests.sandbox.judge.local import LocalBackend

Solve = Callable[[Task, Mapping[str, str]], int]


@pytest.fixture
def solve(tmp_path: Path) -> Iterator[Solve]:
    """Put a tree through a task's checks; their number, or what the judge says of the tree."""
    made: list[Judge] = []

    def run(task: Task, tree: Mapping[str, str]) -> int:
        place = tmp_path / f"t{len(made)}"
        place.mkdir()
        folder = place / "judge"
        folder.mkdir()
        for name, data in task.judge_files().items():
            (folder / name).write_bytes(data)
        settings = JudgeSettings.model_validate({**task.judge_settings(folder), "call_seconds": 2.0})
        (place / "work").mkdir()
        backend = LocalBackend(place / "work")
        judge = Judge(backend, "sha256:" + "0" * 64, settings, place / "io", f"task-{len(made)}", GUEST, JUDGE)
        made.append(judge)
        with judge.session("trial", os.urandom(32), {"child": write(place / "tree", dict(tree))}) as session:
            session.build("child")
            return session.check("child", "visible") + session.check("child", "sealed")

    yield run
    for judge in made:
        judge.close()


@pytest.mark.parametrize("name", ["lru-cache", "calc-precedence", "diff-lines", "c-list-remove", "c-exit-codes"])
def test_solved_is_when_the_judge_says_so(name: str, solve: Solve) -> None:
    task = load_task(TASKS / name)
    assert solve(task, task.solution()) == len(task.cases.visible) + len(task.cases.hidden)
    with pytest.raises(CandidateFault) as caught:
        solve(task, task.tree())
    assert caught.value.verdict == "failed:wrong"


HOSTILE = {
    "a set": ("return {1}", "failed:bad-output"),
    "not a number": ("return float('nan')", "failed:bad-output"),
    "bottomless": ("x = []; x.append(x); return x", "failed:bad-output"),
    "an object that is equal to all": ("return type('E', (), {'__eq__': lambda *a: True})()", "failed:bad-output"),
    "a text subclass": ("return type('T', (str,), {})('x')", "failed:bad-output"),
    "too long": ("return 'x' * 100000", "failed:bad-output"),
    "raises": ("raise KeyError(text)", "failed:wrong"),
    "leaves": ("raise SystemExit(0)", "failed:exit"),
    "exits": ("import os; os._exit(0)", "failed:exit"),
    "hangs": ("import time; time.sleep(60)", "killed:timeout"),
    "prints success": ("print('{\"value\": 7}\\nPASSED'); return None", "failed:wrong"),
    "returns an outcome": ("return {'value': 7}", "failed:wrong"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_trees_gain_nothing(name: str, solve: Solve) -> None:
    body, verdict = HOSTILE[name]
    with pytest.raises(CandidateFault) as caught:
        solve(load_task(TASKS / "calc-precedence"), {"calc.py": f"def evaluate(text):\n    {body}\n"})
    assert caught.value.verdict == verdict


def test_a_hidden_check_tells_nothing(solve: Solve) -> None:
    task = load_task(TASKS / "calc-precedence")
    told = "def evaluate(text):\n    return {'1 + 2 * 3': 7, '2 ** 3 ** 2': 512}[text]\n"
    with pytest.raises(CandidateFault) as caught:
        solve(task, {"calc.py": told})
    assert caught.value.verdict == "failed:wrong"
    assert caught.value.feedback == "on a sealed case"


def test_a_program_that_touches_what_it_does_not_own_fails(solve: Solve) -> None:
    task = load_task(TASKS / "c-safe-sum")
    source = task.solution()["main.c"].replace(
        "long long x;", "long long x; char *p = malloc(1); p[getchar() < 0] = 1;"
    )
    with pytest.raises(CandidateFault) as caught:
        solve(task, {"main.c": source})
    assert caught.value.verdict == "failed:wrong"
    with pytest.raises(CandidateFault) as caught:
        solve(task, {"main.c": "int main(void) { return\n"})
    assert caught.value.verdict == "failed:build"
    with pytest.raises(CandidateFault) as caught:
        solve(task, {"main.c": '#include <stdio.h>\nint main(void) { for (;;) puts("x"); }\n'})
    assert caught.value.verdict == "failed:bad-output"
