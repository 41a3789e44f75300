"""Trying an edit: builds, cases in Python and C, and programs that misbehave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kernels.bench_agent.suite import Task, load_suite
from tests.daemon.agent.genome import load, make_task

trial, workspace = load("trial"), load("workspace")
TASKS = [task for task in load_suite() if task.id in ("calc-precedence", "event-bus", "c-word-count", "c-list-remove")]


def make(folder: Path, files: dict[str, str], **checks: Any) -> Any:
    task = make_task(checks=checks)
    task["parent"]["files"] = files
    return workspace.Workspace(task, folder)


def from_suite(folder: Path, task: Task, files: dict[str, str]) -> Any:
    told = task.document()
    file = told["file"] if told["language"] == "python" else task.program()
    return make(folder, files, build=told["build"], file=file, cases=told["examples"])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_it_says_the_same_as_the_judge(task: Task, tmp_path: Path) -> None:
    assert trial.failures(from_suite(tmp_path, task, task.solution())) == []
    assert trial.failures(from_suite(tmp_path, task, task.tree()))


def ask(tmp_path: Path, source: str) -> str:
    cases = [{"name": "one", "ask": {"call": "f", "args": []}, "expect": 1}]
    return "".join(trial.failures(make(tmp_path, {"m.py": source}, file="m.py", cases=cases)))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print('noise')\ndef f(): return 1", ""),
        ("def f(): return True", "got True, expected 1"),
        ("def f(): raise KeyError(object())", "raised 'KeyError'"),
        ("def f(:", "raised 'SyntaxError'"),
        ("import os\ndef f(): os._exit(3)", "no answer (exit code 3)"),
        ("def f(): return {1, 2}", "raised 'TypeError'"),
        ("import sys\ndef f(): sys.exit(1)", "no answer"),
        ("x = 1", "AttributeError"),
    ],
)
def test_whatever_the_file_does_comes_back_as_words(source: str, said: str, tmp_path: Path) -> None:
    found = ask(tmp_path, source)
    assert said in found
    assert bool(found) == bool(said)


def test_a_hanging_file_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "CASE_SECONDS", 0.3)
    assert "it took longer than 0.3 s" in ask(tmp_path, "def f():\n    while True: pass")


def test_the_same_try_reads_the_same(tmp_path: Path) -> None:
    source = "def f(): raise ValueError(object())"
    assert ask(tmp_path, source) == ask(tmp_path, source)


def test_a_build_that_fails_says_what_the_compiler_says(tmp_path: Path) -> None:
    broken = make(tmp_path, {"a.c": "int main( {"}, build=["gcc", "-o", "{out}/a", "a.c"])
    with pytest.raises(workspace.Trouble, match=r"the build failed with code 1:\na\.c:1"):
        trial.build(broken)


def test_a_compiler_that_is_not_here_is_not_the_edit_s_fault(tmp_path: Path) -> None:
    trial.build(make(tmp_path, {"a.hip": "x"}, build=["no-such-compiler", "a.hip"]))


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_paths_that_lead_out_are_not_written(path: str, tmp_path: Path) -> None:
    with pytest.raises(workspace.Trouble, match="not a path inside the tree"):
        make(tmp_path / "in", {path: "x"}).lay_out()
